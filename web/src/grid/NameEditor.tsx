import { useLingui } from '@lingui/react/macro';
import { type ClipboardEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { mutate } from '~/mutations/mutate.ts';
import { deleteTask, renameTask } from '~/mutations/tasks.ts';
import { store } from '~/store/entity-store.ts';
import { toast } from '~/ui/toasts.ts';
import type { GridController } from './controller.ts';
import type { GridEvents } from './events.ts';
import styles from './grid.module.css';

/** The lines of a pasted text that would be tasks. */
export function linesOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/^\s*(?:[-*•]|\d+[.)])\s+/, '').trim())
    .filter(Boolean);
}

/** The name of a task in its row. Enter saves and makes the next task, Escape gives up. */
export function NameEditor({ gid, grid, events }: { gid: string; grid: GridController; events: GridEvents }) {
  const { t } = useLingui();
  const task = store.get('task', gid);
  const [text, setText] = useState(task?.name ?? '');
  const input = useRef<HTMLInputElement>(null);
  const isDone = useRef(false);
  useEffect(() => input.current?.focus({ preventScroll: true }), []);

  const finish = (isKept: boolean) => {
    if (isDone.current) return;
    isDone.current = true;
    grid.stopEditing();
    const name = text.trim();
    if (isKept && name && name !== task?.name)
      void mutate(renameTask(gid, name), { isQuiet: true }).catch(() => undefined);
    // A new task without a name was not meant.
    else if (!name && !task?.name) void mutate(deleteTask(gid), { isQuiet: true }).catch(() => undefined);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') {
      event.preventDefault();
      event.stopPropagation();
      finish(true);
      const row = grid.rows[grid.indexOf(gid)];
      if (row?.kind === 'task' && text.trim() && !event.ctrlKey) {
        const made = events.add(row.group, '', { after: gid }, row.parent);
        if (made) setTimeout(() => grid.edit(made, 'name'), 0);
      }
    } else if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      finish(false);
      input.current?.closest<HTMLElement>('[role="treegrid"]')?.focus({ preventScroll: true });
    } else if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      event.preventDefault();
      event.stopPropagation();
      finish(true);
      input.current?.closest<HTMLElement>('[role="treegrid"]')?.focus({ preventScroll: true });
      grid.move(event.key === 'ArrowDown' ? 1 : -1);
    } else event.stopPropagation();
  };
  const onPaste = (event: ClipboardEvent) => {
    const lines = linesOf(event.clipboardData.getData('text/plain'));
    const row = grid.rows[grid.indexOf(gid)];
    if (lines.length < 2 || row?.kind !== 'task') return;
    event.preventDefault();
    const [first, ...rest] = lines;
    setText(text + (first ?? ''));
    toast({
      kind: 'plain',
      text: t`The text has ${lines.length} lines.`,
      action: {
        label: t`Create ${rest.length} more tasks`,
        run: () => {
          let before = gid;
          for (const line of rest) before = events.add(row.group, line, { after: before }, row.parent) ?? before;
        },
      },
    });
  };
  return (
    <input
      ref={input}
      className={styles['nameEdit']}
      aria-label={t`Task name`}
      placeholder={t`Write a task name`}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onKeyDown={onKeyDown}
      onPaste={onPaste}
      onBlur={() => finish(true)}
      onClick={(event) => event.stopPropagation()}
    />
  );
}
