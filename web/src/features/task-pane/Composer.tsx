import { useLingui } from '@lingui/react/macro';
import { AtSign, Paperclip, UserPlus } from 'lucide-react';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { me } from '~/api/session.ts';
import { usePeople } from '~/grid/CellEditor.tsx';
import type { Gid } from '~/lib/id.ts';
import { remember, remembered } from '~/lib/storage.ts';
import { mutate } from '~/mutations/mutate.ts';
import { createComment } from '~/mutations/stories.ts';
import { link } from '~/mutations/tasks.ts';
import type { EditorHandle } from '~/richtext/Editor.tsx';
import { store } from '~/store/entity-store.ts';
import type { Task } from '~/store/records.ts';
import { AvatarStack, Person } from '~/ui/Avatar.tsx';
import { Button, IconButton } from '~/ui/Button.tsx';
import { Picker } from '~/ui/Combobox.tsx';
import styles from './TaskPane.module.css';

const Editor = lazy(() => import('~/richtext/Editor.tsx').then((module) => ({ default: module.Editor })));

/** The box at the bottom: a comment with mentions and files, and who follows. What is not sent is kept for each task. */
export function Composer({ ws, task, onFiles }: { ws: Gid; task: Task; onFiles: (files: File[]) => void }) {
  const { t } = useLingui();
  const { gid } = task;
  const { user } = me();
  const editor = useRef<EditorHandle>(null);
  const file = useRef<HTMLInputElement>(null);
  const [isOpen, setOpen] = useState(false);
  const [xml, setXml] = useState(() => remembered(`draft.${gid}`, ''));
  const people = usePeople(ws);
  const followers = task.followers ?? [];
  const isFollowing = followers.some((person) => person.gid === user.gid);
  const isEmpty = !xml || xml === '<body></body>';

  useEffect(() => {
    const timer = setTimeout(() => remember(`draft.${gid}`, isEmpty ? undefined : xml), 300);
    return () => clearTimeout(timer);
  }, [gid, xml, isEmpty]);

  const send = () => {
    const html = editor.current?.xml() ?? xml;
    if (!html || html === '<body></body>') return;
    editor.current?.clear();
    setXml('');
    mutate(createComment(gid, html, user), { isQuiet: true }).catch(() => {
      // What was written is not lost.
      remember(`draft.${gid}`, html);
    });
  };
  const follow = (target: { gid: string; name?: string | undefined }, isIn: boolean) =>
    void mutate(link(gid, 'follower', target, isIn), { isQuiet: true }).catch(() => undefined);
  return (
    <footer className={styles['composer']} data-composer="">
      <Person gid={user.gid} />
      <div
        className={styles['box']}
        data-open={isOpen || !isEmpty || undefined}
        onFocus={() => setOpen(true)}
        onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && setOpen(false)}
      >
        <Suspense fallback={<div className={styles['wait']} />}>
          <Editor
            key={gid}
            ref={editor}
            ws={ws}
            label={t`Comment`}
            placeholder={t`Write a comment, @ to mention`}
            value={xml}
            onChange={setXml}
            onSubmit={send}
            onFiles={onFiles}
            isComment
            hasTools={isOpen || !isEmpty}
          />
        </Suspense>
        <span className={styles['boxEnd']}>
          <IconButton
            size="sm"
            label={t`Mention somebody`}
            icon={<AtSign />}
            onClick={() => editor.current?.insert('@')}
          />
          <IconButton size="sm" label={t`Attach a file`} icon={<Paperclip />} onClick={() => file.current?.click()} />
          {(isOpen || !isEmpty) && (
            <Button size="sm" kind="primary" onClick={send} disabled={isEmpty}>
              {t`Comment`}
            </Button>
          )}
        </span>
        <input
          ref={file}
          type="file"
          multiple
          hidden
          tabIndex={-1}
          aria-label={t`Files`}
          onChange={(event) => onFiles([...(event.target.files ?? [])])}
        />
      </div>
      <div className={styles['watch']}>
        <span>{t`Following`}</span>
        <AvatarStack people={followers} most={6} size={20} />
        <Picker
          label={t`Followers`}
          values={followers.map((person) => person.gid)}
          options={people}
          onPick={(next) =>
            follow({ gid: next, name: store.get('user', next)?.name }, !followers.some((person) => person.gid === next))
          }
          trigger={<IconButton isPlain size="sm" label={t`Add followers`} icon={<UserPlus />} />}
        />
        <Button kind="ghost" size="sm" onClick={() => follow(user, !isFollowing)}>
          {isFollowing ? t`Leave` : t`Follow`}
        </Button>
      </div>
    </footer>
  );
}
