import { useLingui } from '@lingui/react/macro';
import { me } from '~/api/session.ts';
import { type Command, useShortcuts } from '~/lib/shortcuts.ts';
import { mutate, mutateAll } from '~/mutations/mutate.ts';
import { setAssignee, setLiked } from '~/mutations/tasks.ts';
import { store } from '~/store/entity-store.ts';
import { completeAll, deleteAll } from './BulkBar.tsx';
import type { GridController } from './controller.ts';
import type { GridEvents } from './events.ts';

interface TaskKeys {
  /** Where the keys stand in the help. */
  group: string;
  grid: GridController;
  events: Pick<GridEvents, 'open'>;
  /** Whether the view has the focus and nothing is being edited. */
  isFocused: () => boolean;
  isReadOnly: boolean;
  edit: (column: string, anchor: Element | null) => void;
  /** What the editor of a column opens beside. */
  anchorOf: (column: string) => Element | null;
}

/** The keys that act on the selected tasks or the active one, the same in every view. */
export function useTaskKeys({ group, grid, events, isFocused, isReadOnly, edit, anchorOf }: TaskKeys): void {
  const { t } = useLingui();
  const isActive = () => isFocused() && grid.targets().length > 0;
  const canEdit = () => isActive() && !isReadOnly;
  const mine = () => {
    const { user } = me();
    mutateAll(
      grid.targets().map((gid) => setAssignee(gid, user)),
      t`Assigned to you`,
    ).catch(() => undefined);
  };
  const like = () => {
    for (const gid of grid.targets())
      void mutate(setLiked(gid, !store.get('task', gid)?.liked), { isQuiet: true }).catch(() => undefined);
  };

  const command = (
    id: string,
    label: string,
    keys: string[],
    run: () => void,
    when: () => boolean = canEdit,
  ): Command => ({ id: `grid-${id}`, label, group, keys, run, when });
  useShortcuts([
    command('open', t`Open or close task`, ['Space'], () => events.open(grid.activeTask), isActive),
    command('select', t`Select`, ['X'], () => grid.activeTask && grid.toggle(grid.activeTask), isActive),
    command(
      'clear',
      t`Clear selection`,
      ['Escape'],
      () => grid.clear(),
      () => isFocused() && grid.selected.get().size > 0,
    ),
    command('complete', t`Complete`, ['Mod+Enter'], () => completeAll(grid.targets(), t`Task completed`)),
    command('delete', t`Delete`, ['Delete'], () => deleteAll(grid.targets(), t`Task deleted`)),
    command('assign', t`Assign`, ['A', 'Tab+A'], () => edit('assignee', anchorOf('assignee'))),
    command('assign-me', t`Assign to me`, ['M', 'Tab+M'], mine),
    command('due', t`Set due date`, ['D', 'Tab+D'], () => edit('due_on', anchorOf('due_on'))),
    command('tags', t`Tags`, ['T', 'Tab+T'], () => edit('tags', anchorOf('tags'))),
    command('like', t`Like`, ['L', 'Tab+L'], like),
  ]);
}
