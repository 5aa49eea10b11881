import { useLingui } from '@lingui/react/macro';
import {
  Check,
  Ellipsis,
  Link as LinkIcon,
  ListTree,
  Maximize2,
  Minimize2,
  Paperclip,
  ThumbsUp,
  Trash2,
  X,
} from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { Gid } from '~/lib/id.ts';
import { useShortcuts } from '~/lib/shortcuts.ts';
import { mutate } from '~/mutations/mutate.ts';
import { deleteTask, renameTask, setCompleted, setLiked, updateTask } from '~/mutations/tasks.ts';
import { rememberRecent } from '~/shell/recent.ts';
import { store } from '~/store/entity-store.ts';
import { TASK_DETAIL_FIELDS } from '~/store/fields.ts';
import { useEntity } from '~/store/hooks.ts';
import { useRecordQuery } from '~/store/lists.ts';
import type { Task } from '~/store/records.ts';
import { useTopic } from '~/stream/stream.ts';
import { Button, IconButton } from '~/ui/Button.tsx';
import { Menu } from '~/ui/Menu.tsx';
import { EmptyState, ErrorState, Skeleton } from '~/ui/states.tsx';
import { toast } from '~/ui/toasts.ts';
import { Activity } from './Activity.tsx';
import { Attachments, useUpload } from './Attachments.tsx';
import { Composer } from './Composer.tsx';
import { Description } from './Description.tsx';
import { Facts } from './Facts.tsx';
import { Subtasks } from './Subtasks.tsx';
import styles from './TaskPane.module.css';

interface TaskPaneProps {
  ws: Gid;
  gid: Gid;
  /** Opens another task in its place, or closes. */
  onOpen: (gid: Gid | null) => void;
  /** Fills the page instead of standing beside it. */
  isFull?: boolean;
  onFull?: (isFull: boolean) => void;
}

/** Everything a task has. */
export function TaskPane({ ws, gid, onOpen, isFull = false, onFull }: TaskPaneProps) {
  const { t } = useLingui();
  const task = useEntity('task', gid);
  const real = store.resolve(gid);
  const status = useRecordQuery('task', real, `/tasks/${real}`, TASK_DETAIL_FIELDS);
  useTopic(real.startsWith('tmp-') ? null : `task:${real}`);
  const file = useRef<HTMLInputElement>(null);
  const [isAdding, setAdding] = useState(false);
  const { upload, uploads } = useUpload(real);
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    if (task?.name) rememberRecent('task', real, task.name);
  }, [real, task?.name]);

  const name = task?.name || t`Unnamed task`;
  const close = () => onOpen(null);
  const copy = () => {
    void navigator.clipboard?.writeText(`${location.origin}/0/0/${real}`);
    toast({ text: t`Link copied` });
  };
  const group = t`Open task`;
  useShortcuts([
    { id: 'pane-close', label: t`Close task`, group, keys: ['Tab+X'], run: close },
    {
      id: 'pane-full',
      label: t`Full screen`,
      group,
      keys: ['Mod+Shift+F'],
      when: () => !!onFull,
      run: () => onFull?.(!isFull),
    },
    { id: 'pane-subtask', label: t`Add subtask`, group, keys: ['S', 'Tab+S'], run: () => setAdding(true) },
    {
      id: 'pane-comment',
      label: t`Write a comment`,
      group,
      keys: ['R', 'Tab+C'],
      run: () => document.querySelector<HTMLElement>('[data-composer] [role="textbox"]')?.focus(),
    },
    { id: 'pane-link', label: t`Copy link`, group, keys: ['Mod+Shift+C'], run: copy },
    {
      id: 'pane-escape',
      label: t`Close task`,
      group,
      keys: ['Escape'],
      hidden: true,
      when: () => !!document.activeElement?.closest('[data-pane]'),
      run: close,
    },
  ]);

  if (!task && status.isLoading) {
    return (
      <aside className={styles['pane']} data-pane="" aria-label={t`Task`}>
        <Skeleton rows={8} />
      </aside>
    );
  }
  if (!task) {
    return (
      <aside className={styles['pane']} data-pane="" aria-label={t`Task`}>
        <header className={styles['head']}>
          <span className={styles['end']}>
            <IconButton label={t`Close task`} icon={<X />} onClick={close} />
          </span>
        </header>
        {status.error ? (
          <ErrorState error={status.error} onRetry={() => void status.refetch()} />
        ) : (
          <EmptyState title={t`This task was deleted`} action={<Button onClick={close}>{t`Close`}</Button>} />
        )}
      </aside>
    );
  }
  return (
    <aside
      className={styles['pane']}
      data-pane=""
      data-full={isFull || undefined}
      data-over={isOver || undefined}
      aria-label={t`Task: ${name}`}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes('Files')) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false);
        if (event.dataTransfer.files.length === 0) return;
        event.preventDefault();
        upload([...event.dataTransfer.files]);
      }}
    >
      <header className={styles['head']}>
        <StateButton task={task} />
        <span className={styles['end']}>
          <IconButton
            label={task.liked ? t`Remove like` : t`Like`}
            aria-pressed={task.liked ?? false}
            icon={<ThumbsUp />}
            onClick={() => void mutate(setLiked(gid, !task.liked), { isQuiet: true }).catch(() => undefined)}
          />
          <IconButton label={t`Attach a file`} icon={<Paperclip />} onClick={() => file.current?.click()} />
          <IconButton
            className={styles['wide'] ?? ''}
            label={t`Add subtask`}
            keys="S"
            icon={<ListTree />}
            onClick={() => setAdding(true)}
          />
          <IconButton
            className={styles['wide'] ?? ''}
            label={t`Copy link`}
            keys="Mod+Shift+C"
            icon={<LinkIcon />}
            onClick={copy}
          />
          {onFull && (
            <IconButton
              label={isFull ? t`Leave full screen` : t`Full screen`}
              keys="Mod+Shift+F"
              icon={isFull ? <Minimize2 /> : <Maximize2 />}
              onClick={() => onFull(!isFull)}
              className={styles['wide'] ?? ''}
            />
          )}
          <Menu
            align="end"
            trigger={<IconButton isPlain label={t`More actions`} icon={<Ellipsis />} />}
            entries={[
              {
                kind: 'radio',
                id: 'type',
                label: t`Type`,
                value: task.resource_subtype ?? 'default_task',
                options: [
                  { value: 'default_task', label: t`Task` },
                  { value: 'milestone', label: t`Milestone` },
                  { value: 'approval', label: t`Approval` },
                ],
                run: (value) =>
                  void mutate(updateTask(gid, { resource_subtype: value as 'milestone' }, t`Type changed`)).catch(
                    () => undefined,
                  ),
              },
              { kind: 'line', id: 'line' },
              {
                id: 'subtask',
                label: t`Add subtask`,
                icon: <ListTree />,
                keys: 'S',
                run: () => setTimeout(() => setAdding(true), 0),
              },
              { id: 'link', label: t`Copy link`, icon: <LinkIcon />, keys: 'Mod+Shift+C', run: copy },
              { kind: 'line', id: 'line-2' },
              {
                id: 'delete',
                label: t`Delete task`,
                icon: <Trash2 />,
                isDanger: true,
                run: () => {
                  close();
                  void mutate(deleteTask(gid)).catch(() => undefined);
                },
              },
            ]}
          />
          <IconButton label={t`Close task`} keys="Tab+X" icon={<X />} onClick={close} />
        </span>
        <input
          ref={file}
          type="file"
          multiple
          hidden
          tabIndex={-1}
          aria-label={t`Files`}
          onChange={(event) => {
            upload([...(event.target.files ?? [])]);
            event.target.value = '';
          }}
        />
      </header>
      <div className={styles['body']}>
        {task.parent && (
          <nav aria-label={t`Parent task`} className={styles['crumb']}>
            <button type="button" onClick={() => onOpen(task.parent?.gid ?? null)}>
              <ParentName gid={task.parent.gid} />
            </button>
            <span aria-hidden="true">›</span>
          </nav>
        )}
        <Title gid={gid} name={task.name ?? ''} />
        <Facts ws={ws} task={task} onOpen={onOpen} />
        <Description ws={ws} task={task} onOpen={onOpen} onFiles={upload} />
        <Subtasks ws={ws} task={task} onOpen={onOpen} isAdding={isAdding} onAdding={setAdding} />
        <Attachments gid={real} uploads={uploads} />
        <Activity ws={ws} gid={real} onOpen={onOpen} />
      </div>
      <Composer ws={ws} task={task} onFiles={upload} />
    </aside>
  );
}

function ParentName({ gid }: { gid: Gid }) {
  return useEntity('task', gid)?.name;
}

/** The name as a heading that is written in. */
function Title({ gid, name }: { gid: Gid; name: string }) {
  const { t } = useLingui();
  const [text, setText] = useState<string | null>(null);
  const box = useRef<HTMLTextAreaElement>(null);
  const shown = text ?? name;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the box is as high as its text
  useEffect(() => {
    const node = box.current;
    if (!node) return;
    node.style.blockSize = 'auto';
    node.style.blockSize = `${node.scrollHeight}px`;
  }, [shown]);
  const save = () => {
    const next = text?.replace(/\s*\n\s*/g, ' ').trim();
    if (next && next !== name) void mutate(renameTask(gid, next), { isQuiet: true }).catch(() => undefined);
    setText(null);
  };
  return (
    <h2 className={styles['title']}>
      <textarea
        ref={box}
        rows={1}
        aria-label={t`Task name`}
        placeholder={t`Write a task name`}
        value={shown}
        onChange={(event) => setText(event.target.value)}
        onBlur={save}
        onKeyDown={(event) => {
          if (event.key === 'Enter') {
            event.preventDefault();
            event.currentTarget.blur();
          } else if (event.key === 'Escape') {
            event.stopPropagation();
            setText(null);
            event.currentTarget.blur();
          }
        }}
      />
    </h2>
  );
}

/** Mark complete; for approvals the three answers. */
function StateButton({ task }: { task: Task }) {
  const { t } = useLingui();
  const { gid } = task;
  if (task.resource_subtype === 'approval') {
    const status = task.approval_status ?? 'pending';
    const names = {
      pending: t`Approval pending`,
      approved: t`Approved`,
      changes_requested: t`Changes requested`,
      rejected: t`Rejected`,
    };
    return (
      <Menu
        trigger={
          <Button size="sm" kind={status === 'approved' ? 'done' : 'default'} icon={<Check />}>
            {names[status]}
          </Button>
        }
        entries={[
          {
            kind: 'radio',
            id: 'status',
            value: status,
            options: [
              { value: 'approved', label: t`Approve` },
              { value: 'changes_requested', label: t`Request changes` },
              { value: 'rejected', label: t`Reject` },
              { value: 'pending', label: t`Back to pending` },
            ],
            run: (value) =>
              void mutate(
                updateTask(
                  gid,
                  { approval_status: value as 'approved', completed: value !== 'pending' },
                  names[value as 'approved'],
                ),
              ).catch(() => undefined),
          },
        ]}
      />
    );
  }
  return (
    <Button
      size="sm"
      kind={task.completed ? 'done' : 'default'}
      icon={<Check />}
      onClick={() => void mutate(setCompleted(gid, !task.completed)).catch(() => undefined)}
    >
      {task.completed ? t`Completed` : t`Mark complete`}
    </Button>
  );
}
