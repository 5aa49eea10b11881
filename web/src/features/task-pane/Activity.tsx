import { useLingui } from '@lingui/react/macro';
import {
  CalendarDays,
  CircleCheck,
  Ellipsis,
  FolderKanban,
  History,
  Link2,
  Paperclip,
  Pencil,
  Pin,
  Tag,
  ThumbsUp,
  User,
} from 'lucide-react';
import { lazy, type ReactNode, Suspense, useRef, useState } from 'react';
import { me } from '~/api/session.ts';
import type { Gid } from '~/lib/id.ts';
import { isTemporary } from '~/lib/id.ts';
import { formatAgo, formatMoment } from '~/lib/locale.ts';
import { remember, remembered } from '~/lib/storage.ts';
import { mutate } from '~/mutations/mutate.ts';
import { deleteComment, editComment, likeComment, pinComment } from '~/mutations/stories.ts';
import type { EditorHandle } from '~/richtext/Editor.tsx';
import { store } from '~/store/entity-store.ts';
import { STORY_FIELDS } from '~/store/fields.ts';
import { useEntity } from '~/store/hooks.ts';
import { useList } from '~/store/lists.ts';
import type { Story } from '~/store/records.ts';
import { Person } from '~/ui/Avatar.tsx';
import { Button, IconButton } from '~/ui/Button.tsx';
import { Menu } from '~/ui/Menu.tsx';
import { ErrorState, Skeleton } from '~/ui/states.tsx';
import { Tabs } from '~/ui/Tabs.tsx';
import styles from './TaskPane.module.css';

const Rendered = lazy(() => import('~/richtext/Rendered.tsx').then((module) => ({ default: module.Rendered })));
const Editor = lazy(() => import('~/richtext/Editor.tsx').then((module) => ({ default: module.Editor })));

const GLYPHS: [RegExp, ReactNode][] = [
  [/due|start_date/, <CalendarDays key="date" />],
  [/assign/, <User key="user" />],
  [/complete|approv/, <CircleCheck key="done" />],
  [/project|section/, <FolderKanban key="project" />],
  [/attach/, <Paperclip key="file" />],
  [/depend/, <Link2 key="link" />],
  [/tag/, <Tag key="tag" />],
  [/name|notes/, <Pencil key="text" />],
];

/** What people said, or everything that happened. */
export function Activity({ ws, gid, onOpen }: { ws: Gid; gid: Gid; onOpen: (gid: Gid) => void }) {
  const { t } = useLingui();
  const [tab, setTab] = useState(remembered('activity', 'comments'));
  const stories = useList(isTemporary(gid) ? null : `stories:${gid}`, `/tasks/${gid}/stories`, {
    opt_fields: STORY_FIELDS,
  });
  const gids = stories.gids ?? [];
  const comments = gids.filter((item) => store.get('story', item)?.type === 'comment');
  const pinned = comments.filter((item) => store.get('story', item)?.is_pinned);
  return (
    <section className={styles['activity']} aria-label={t`Activity`}>
      <Tabs
        label={t`Activity`}
        value={tab}
        onChange={(next) => {
          setTab(next);
          remember('activity', next);
        }}
        tabs={[
          { value: 'comments', label: t`Comments`, count: comments.length },
          { value: 'all', label: t`All activity` },
        ]}
      >
        {(shown) => (
          <div className={styles['feed']}>
            {stories.isLoading && <Skeleton rows={2} />}
            {stories.error && <ErrorState error={stories.error} onRetry={() => void stories.refetch()} />}
            {pinned.map((item) => (
              <StoryItem key={`pinned-${item}`} ws={ws} gid={item} task={gid} onOpen={onOpen} isPinnedCopy />
            ))}
            {(shown === 'comments' ? comments : gids).map((item) => (
              <StoryItem key={item} ws={ws} gid={item} task={gid} onOpen={onOpen} />
            ))}
            {shown === 'comments' && comments.length === 0 && !stories.isLoading && (
              <p className={styles['nothing']}>{t`No comments yet`}</p>
            )}
          </div>
        )}
      </Tabs>
    </section>
  );
}

function When({ story }: { story: Story }) {
  const { t } = useLingui();
  const moment = new Date(story.created_at ?? 0);
  return (
    <>
      <time dateTime={story.created_at} title={formatMoment(moment)}>
        {formatAgo(moment)}
      </time>
      {story.is_edited && <span className={styles['edited']}>{t`changed`}</span>}
    </>
  );
}

function StoryItem({
  ws,
  gid,
  task,
  onOpen,
  isPinnedCopy,
}: {
  ws: Gid;
  gid: Gid;
  task: Gid;
  onOpen: (gid: Gid) => void;
  isPinnedCopy?: boolean;
}) {
  const { t } = useLingui();
  const story = useEntity('story', gid);
  const [isEditing, setEditing] = useState(false);
  const editor = useRef<EditorHandle>(null);
  if (!story) return null;
  const by = story.created_by?.name ?? t`Somebody`;
  if (story.type !== 'comment') {
    const glyph = GLYPHS.find(([kinds]) => kinds.test(story.resource_subtype ?? ''))?.[1] ?? <History />;
    return (
      <div className={`${styles['story']} ${styles['system']}`}>
        <span className={styles['glyph']} aria-hidden="true">
          {glyph}
        </span>
        <p>
          <span className={styles['by']}>{by}</span> {story.text} <When story={story} />
        </p>
      </div>
    );
  }
  const isMine = story.created_by?.gid === me().user.gid;
  const save = () => {
    const html = editor.current?.xml() ?? '';
    setEditing(false);
    if (html && html !== story.html_text) void mutate(editComment(gid, html), { isQuiet: true }).catch(() => undefined);
  };
  return (
    <article
      className={styles['story']}
      id={isPinnedCopy ? undefined : `comment-${gid}`}
      data-pinned={isPinnedCopy || undefined}
    >
      <Person gid={story.created_by?.gid} />
      <div className="grow">
        <div className={styles['storyHead']}>
          <span className={styles['by']}>{by}</span>
          <When story={story} />
          {story.is_pinned && <Pin aria-label={t`pinned`} className={styles['pin']} />}
          {!isTemporary(gid) && !isPinnedCopy && (
            <span className={styles['storyTools']}>
              <IconButton
                isPlain
                size="sm"
                label={story.liked ? t`Remove like from the comment of ${by}` : t`Like the comment of ${by}`}
                aria-pressed={story.liked ?? false}
                icon={<ThumbsUp />}
                onClick={() => void mutate(likeComment(gid, !story.liked), { isQuiet: true }).catch(() => undefined)}
              />
              <Menu
                align="end"
                trigger={
                  <IconButton isPlain size="sm" label={t`Actions for the comment of ${by}`} icon={<Ellipsis />} />
                }
                entries={[
                  {
                    id: 'pin',
                    label: story.is_pinned ? t`Unpin` : t`Pin to top`,
                    icon: <Pin />,
                    run: () => void mutate(pinComment(gid, !story.is_pinned), { isQuiet: true }).catch(() => undefined),
                  },
                  {
                    id: 'link',
                    label: t`Copy link`,
                    icon: <Link2 />,
                    run: () => void navigator.clipboard?.writeText(`${location.origin}/0/0/${task}#comment-${gid}`),
                  },
                  ...(isMine
                    ? [
                        { id: 'edit', label: t`Edit`, icon: <Pencil />, run: () => setEditing(true) },
                        {
                          id: 'delete',
                          label: t`Delete`,
                          isDanger: true,
                          run: () => void mutate(deleteComment(gid, task)).catch(() => undefined),
                        },
                      ]
                    : []),
                ]}
              />
            </span>
          )}
        </div>
        <Suspense fallback={<p>{story.text}</p>}>
          {isEditing ? (
            <div className={styles['editing']}>
              <Editor
                ref={editor}
                ws={ws}
                label={t`Comment`}
                value={story.html_text ?? ''}
                isComment
                isFocused
                onSubmit={save}
                onEscape={() => setEditing(false)}
              />
              <div className={styles['editingActions']}>
                <Button size="sm" onClick={() => setEditing(false)}>
                  {t`Cancel`}
                </Button>
                <Button size="sm" kind="primary" onClick={save}>
                  {t`Save`}
                </Button>
              </div>
            </div>
          ) : (
            <Rendered xml={story.html_text} onMention={(target, type) => type === 'task' && onOpen(target)} />
          )}
        </Suspense>
        {(story.num_likes ?? 0) > 0 && (
          <span className={styles['likes']}>
            <ThumbsUp aria-hidden="true" />
            <span className="sr">{t`Likes:`} </span>
            {story.num_likes}
          </span>
        )}
      </div>
    </article>
  );
}
