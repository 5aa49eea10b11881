import { useLingui } from '@lingui/react/macro';
import {
  ArrowRight,
  CalendarDays,
  Check,
  Copy,
  Link as LinkIcon,
  PanelRight,
  Pencil,
  ThumbsUp,
  Trash2,
  User,
} from 'lucide-react';
import { keysOf } from '~/lib/shortcuts.ts';
import { mutate } from '~/mutations/mutate.ts';
import { setLiked } from '~/mutations/tasks.ts';
import { store } from '~/store/entity-store.ts';
import type { MenuEntry } from '~/ui/Menu.tsx';
import { toast } from '~/ui/toasts.ts';
import { completeAll, deleteAll } from './BulkBar.tsx';
import type { GridController } from './controller.ts';
import type { GridEvents } from './events.ts';
import type { Group } from './rows.ts';
import { rowId } from './TaskRow.tsx';

/** The entries of a task's context menu: what the keys and the bar do, too. */
export function useTaskMenu({
  grid,
  events,
  groups,
}: {
  grid: GridController;
  events: GridEvents;
  groups: readonly Group[];
}): (gid: string) => readonly MenuEntry[] {
  const { t } = useLingui();
  return (gid) => {
    const task = store.get('task', gid);
    if (!task) return [];
    const cell = (column: string) =>
      document.querySelector(`#${CSS.escape(rowId(gid))} [data-column="${column}"]`) ??
      document.getElementById(rowId(gid));
    const later = (run: () => void) => () => setTimeout(run, 0);
    return [
      { id: 'open', label: t`Open`, icon: <PanelRight />, keys: keysOf('grid-open'), run: () => events.open(gid) },
      {
        id: 'complete',
        label: task.completed ? t`Reopen` : t`Mark complete`,
        icon: <Check />,
        keys: keysOf('grid-complete'),
        run: () => completeAll(grid.targets(), t`Task completed`),
      },
      {
        id: 'rename',
        label: t`Rename`,
        icon: <Pencil />,
        keys: keysOf('grid-edit'),
        run: later(() => grid.edit(gid, 'name')),
      },
      { kind: 'line', id: 'line' },
      {
        id: 'assign',
        label: t`Assign`,
        icon: <User />,
        keys: keysOf('grid-assign'),
        run: later(() => grid.edit(gid, 'assignee', cell('assignee'))),
      },
      {
        id: 'due',
        label: t`Set due date`,
        icon: <CalendarDays />,
        keys: keysOf('grid-due'),
        run: later(() => grid.edit(gid, 'due_on', cell('due_on'))),
      },
      ...(groups.some((group) => group.section)
        ? ([
            {
              kind: 'sub',
              id: 'move',
              label: t`Move to section`,
              icon: <ArrowRight />,
              entries: groups.map((group) => ({
                id: group.id,
                label: store.get('section', group.section)?.name ?? group.name,
                run: () => events.moveTo(grid.targets(), group.id, 'end'),
              })),
            },
          ] satisfies MenuEntry[])
        : []),
      {
        id: 'like',
        label: task.liked ? t`Remove like` : t`Like`,
        icon: <ThumbsUp />,
        keys: keysOf('grid-like'),
        run: () => void mutate(setLiked(gid, !task.liked), { isQuiet: true }).catch(() => undefined),
      },
      { kind: 'line', id: 'line-2' },
      {
        id: 'link',
        label: t`Copy link`,
        icon: <LinkIcon />,
        run: () => {
          void navigator.clipboard?.writeText(`${location.origin}/0/0/${store.resolve(gid)}`);
          toast({ text: t`Link copied` });
        },
      },
      {
        id: 'copy',
        label: t`Copy name`,
        icon: <Copy />,
        run: () => {
          void navigator.clipboard?.writeText(task.name ?? '');
          toast({ text: t`Copied` });
        },
      },
      { kind: 'line', id: 'line-3' },
      {
        id: 'delete',
        label: t`Delete`,
        icon: <Trash2 />,
        keys: keysOf('grid-delete'),
        isDanger: true,
        run: () => deleteAll(grid.targets(), t`Task deleted`),
      },
    ];
  };
}
