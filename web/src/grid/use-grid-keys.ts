import { useLingui } from '@lingui/react/macro';
import type { RefObject } from 'react';
import { announce } from '~/lib/a11y.ts';
import { type Command, useShortcuts } from '~/lib/shortcuts.ts';
import { store } from '~/store/entity-store.ts';
import type { GridController } from './controller.ts';
import type { GridEvents } from './events.ts';
import type { Group } from './rows.ts';
import { rowId } from './TaskRow.tsx';
import { useTaskKeys } from './use-task-keys.ts';

interface GridKeys {
  element: RefObject<HTMLElement | null>;
  grid: GridController;
  events: GridEvents;
  groups: readonly Group[];
  /** Whether rows can be moved: not while they are sorted. */
  canMove: boolean;
  isReadOnly: boolean;
  edit: (column: string, anchor: Element | null) => void;
}

/** The keys of a grid. They act while the grid has the focus and nothing is being edited. */
export function useGridKeys({ element, grid, events, groups, canMove, isReadOnly, edit }: GridKeys): void {
  const { t } = useLingui();
  const group = t`List`;
  const isFocused = () =>
    !!element.current &&
    (document.activeElement === element.current || element.current.contains(document.activeElement)) &&
    grid.editing.get() === null;
  const isActive = () => isFocused() && grid.targets().length > 0;
  const canEdit = () => isActive() && !isReadOnly;
  const anchorOf = (column: string) => {
    const row = element.current?.querySelector(`#${CSS.escape(rowId(grid.active.get() ?? ''))}`);
    return row?.querySelector(`[data-column="${column}"]`) ?? row ?? element.current;
  };

  /** Beside its neighbour, over the border of its section when it is the first or last. */
  const shift = (step: 1 | -1) => {
    const row = grid.activeRow;
    if (row?.kind !== 'task' || row.level > 0 || !canMove) return;
    const place = groups.findIndex((item) => item.id === row.group);
    const list = groups[place]?.gids ?? [];
    const index = list.indexOf(row.gid);
    const neighbour = list[index + step];
    const next = groups[place + step];
    if (neighbour) events.moveTo([row.gid], row.group, step === 1 ? { after: neighbour } : { before: neighbour });
    else if (next) events.moveTo([row.gid], next.id, step === 1 ? 'start' : 'end');
    else return;
    const name = store.get('section', (neighbour ? groups[place] : next)?.section)?.name ?? '';
    const position = neighbour ? index + step + 1 : step === 1 ? 1 : (next?.gids.length ?? 0) + 1;
    announce(t`Moved to ${name}, position ${position} of ${neighbour ? list.length : (next?.gids.length ?? 0) + 1}`);
  };
  const toSection = (step: 1 | -1) => {
    const row = grid.activeRow;
    if (row?.kind !== 'task' || row.level > 0) return;
    const next = groups[groups.findIndex((item) => item.id === row.group) + step];
    if (!next) return;
    events.moveTo(grid.targets(), next.id, 'start');
    announce(t`Moved to ${store.get('section', next.section)?.name ?? next.name}`);
  };
  const horizontal = (step: 1 | -1) => {
    const row = grid.activeRow;
    if (row?.kind === 'group') events.collapse(row.group.id, step === -1);
    else if (row?.kind === 'task' && (store.get('task', row.gid)?.num_subtasks ?? 0) > 0)
      events.expand(row.gid, step === 1);
  };
  const start = () => {
    const row = grid.activeRow;
    if (row?.kind === 'task' && !isReadOnly) grid.edit(row.gid, 'name');
    else if (row?.kind === 'add') grid.editing.set({ gid: row.key, column: 'name', anchor: null });
    else if (row?.kind === 'group') events.collapse(row.group.id, !row.isCollapsed);
  };
  const addBelow = () => {
    const row = grid.activeRow;
    const first = groups[0];
    const made =
      row?.kind === 'task'
        ? events.add(row.group, '', { after: row.gid }, row.parent)
        : row?.kind === 'group'
          ? events.add(row.group.id, '', 'start')
          : first
            ? events.add(first.id, '', 'start')
            : null;
    if (made) setTimeout(() => grid.edit(made, 'name'), 0);
  };
  const command = (
    id: string,
    label: string,
    keys: string[],
    run: () => void,
    when: () => boolean = isFocused,
  ): Command => ({ id: `grid-${id}`, label, group, keys, run, when });
  useTaskKeys({ group, grid, events, isFocused, isReadOnly, edit, anchorOf });
  useShortcuts([
    command('down', t`Next row`, ['ArrowDown', 'J'], () => grid.move(1)),
    command('up', t`Previous row`, ['ArrowUp', 'K'], () => grid.move(-1)),
    command('page-down', t`One page down`, ['PageDown'], () => grid.move(15)),
    command('page-up', t`One page up`, ['PageUp'], () => grid.move(-15)),
    command('first', t`First row`, ['Home'], () => grid.move(-grid.rows.length)),
    command('last', t`Last row`, ['End'], () => grid.move(grid.rows.length)),
    command('right', t`Expand`, ['ArrowRight'], () => horizontal(1)),
    command('left', t`Collapse`, ['ArrowLeft'], () => horizontal(-1)),
    command('edit', t`Edit name`, ['Enter'], start),
    command('new', t`New task below`, ['N'], addBelow, () => isFocused() && !isReadOnly),
    command('extend-down', t`Extend selection down`, ['Shift+ArrowDown'], () => grid.move(1, true)),
    command('extend-up', t`Extend selection up`, ['Shift+ArrowUp'], () => grid.move(-1, true)),
    command('select-all', t`Select all`, ['Mod+A'], () => grid.selectAll()),
    command('move-down', t`Move task down`, ['Mod+ArrowDown'], () => shift(1), canEdit),
    command('move-up', t`Move task up`, ['Mod+ArrowUp'], () => shift(-1), canEdit),
    command('section-down', t`Move to next section`, ['Mod+Shift+ArrowDown'], () => toSection(1), canEdit),
    command('section-up', t`Move to previous section`, ['Mod+Shift+ArrowUp'], () => toSection(-1), canEdit),
  ]);
}
