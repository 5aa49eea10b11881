import { useLingui } from '@lingui/react/macro';
import type { RefObject } from 'react';
import type { GridController } from '~/grid/controller.ts';
import type { GridEvents } from '~/grid/events.ts';
import type { Group } from '~/grid/rows.ts';
import { rowId } from '~/grid/TaskRow.tsx';
import { useTaskKeys } from '~/grid/use-task-keys.ts';
import { announce } from '~/lib/a11y.ts';
import { useShortcuts } from '~/lib/shortcuts.ts';
import { store } from '~/store/entity-store.ts';

interface BoardKeys {
  element: RefObject<HTMLElement | null>;
  grid: GridController;
  events: GridEvents;
  groups: readonly Group[];
  collapsed: ReadonlySet<string>;
  /** Whether cards can be moved within a column: not while they are sorted. */
  canMove: boolean;
  edit: (column: string, anchor: Element | null) => void;
  /** Writes a new card at the top of a column. */
  add: (group: string) => void;
}

/** The keys of a board: arrows go from card to card, with Ctrl they take the card along. */
export function useBoardKeys({ element, grid, events, groups, collapsed, canMove, edit, add }: BoardKeys): void {
  const { t } = useLingui();
  const group = t`Board`;
  const isFocused = () => !!element.current?.contains(document.activeElement) && grid.editing.get() === null;
  const anchorOf = (column: string) => {
    const card = element.current?.querySelector(`#${CSS.escape(rowId(grid.active.get() ?? ''))}`);
    return card?.querySelector(`[data-column="${column}"]`) ?? card ?? element.current;
  };
  useTaskKeys({ group, grid, events, isFocused, isReadOnly: false, edit, anchorOf });

  const shown = groups.filter((item) => !collapsed.has(item.id));
  /** Where the active card stands: its column, and its place there. */
  const here = () => {
    const row = grid.activeRow;
    const column = row?.kind === 'task' ? shown.findIndex((item) => item.id === row.group) : -1;
    const index = row?.kind === 'task' ? (shown[column]?.gids.indexOf(row.gid) ?? -1) : -1;
    return { column, index };
  };
  const within = (step: number, isExtended = false) => {
    const { column, index } = here();
    const gids = shown[Math.max(0, column)]?.gids ?? [];
    const next = gids[Math.max(0, Math.min(gids.length - 1, index < 0 ? 0 : index + step))];
    if (!next) return;
    if (isExtended) grid.move(step, true);
    else grid.activate(next);
  };
  const across = (step: 1 | -1) => {
    const { column, index } = here();
    for (let at = column + step; at >= 0 && at < shown.length; at += step) {
      const gids = shown[at]?.gids ?? [];
      const next = gids[Math.min(Math.max(0, index), gids.length - 1)];
      if (next) {
        grid.activate(next);
        element.current
          ?.querySelector(`#${CSS.escape(rowId(next))}`)
          ?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
        return;
      }
    }
  };
  const nameOf = (item: Group | undefined) => store.get('section', item?.section)?.name ?? item?.name ?? '';
  const moveWithin = (step: 1 | -1) => {
    const { column, index } = here();
    const target = shown[column];
    const neighbour = target?.gids[index + step];
    const gid = grid.activeTask;
    if (!target || !neighbour || !gid || !canMove) return;
    events.moveTo([gid], target.id, step === 1 ? { after: neighbour } : { before: neighbour });
    announce(t`Moved to ${nameOf(target)}, position ${index + step + 1} of ${target.gids.length}`);
  };
  const moveAcross = (step: 1 | -1) => {
    const { column, index } = here();
    const target = shown[column + step];
    if (!target || column < 0) return;
    const beside = target.gids[index];
    events.moveTo(grid.targets(), target.id, beside && canMove ? { before: beside } : 'end');
    announce(t`Moved to ${nameOf(target)}`);
  };
  const command = (id: string, label: string, keys: string[], run: () => void, when: () => boolean = isFocused) => ({
    id: `grid-${id}`,
    label,
    group,
    keys,
    run,
    when,
  });
  const isActive = () => isFocused() && !!grid.activeTask;
  useShortcuts([
    command('down', t`Next card`, ['ArrowDown', 'J'], () => within(1)),
    command('up', t`Previous card`, ['ArrowUp', 'K'], () => within(-1)),
    command('right', t`Next column`, ['ArrowRight'], () => across(1)),
    command('left', t`Previous column`, ['ArrowLeft'], () => across(-1)),
    command('extend-down', t`Extend selection down`, ['Shift+ArrowDown'], () => within(1, true)),
    command('extend-up', t`Extend selection up`, ['Shift+ArrowUp'], () => within(-1, true)),
    command(
      'edit',
      t`Edit name`,
      ['Enter'],
      () => grid.activeTask && grid.edit(grid.activeTask, 'name'),
      () => isActive() && !!document.activeElement?.matches('[data-card]'),
    ),
    command('new', t`New task at the top`, ['N'], () => {
      const column = shown[Math.max(0, here().column)];
      if (column) add(column.id);
    }),
    command('move-down', t`Move card down`, ['Mod+ArrowDown'], () => moveWithin(1), isActive),
    command('move-up', t`Move card up`, ['Mod+ArrowUp'], () => moveWithin(-1), isActive),
    command(
      'move-right',
      t`Move to next column`,
      ['Mod+ArrowRight', 'Mod+Shift+ArrowDown'],
      () => moveAcross(1),
      isActive,
    ),
    command(
      'move-left',
      t`Move to previous column`,
      ['Mod+ArrowLeft', 'Mod+Shift+ArrowUp'],
      () => moveAcross(-1),
      isActive,
    ),
  ]);
}
