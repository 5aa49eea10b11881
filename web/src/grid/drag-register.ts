import { combine } from '@atlaskit/pragmatic-drag-and-drop/combine';
import { draggable, dropTargetForElements } from '@atlaskit/pragmatic-drag-and-drop/element/adapter';
import { autoScrollForElements } from '@atlaskit/pragmatic-drag-and-drop-auto-scroll/element';
import {
  attachClosestEdge,
  type Edge,
  extractClosestEdge,
} from '@atlaskit/pragmatic-drag-and-drop-hitbox/closest-edge';
import type { RefObject } from 'react';
import type { Gid } from '~/lib/id.ts';
import type { GridController } from './controller.ts';
import type { GridEvents } from './events.ts';

/** What a row is now; slots are recycled, so it is read when something happens. */
export type DragState = RefObject<{ gid: Gid; events: GridEvents; canDrag: boolean }>;

export function registerRow(
  node: HTMLElement,
  latest: DragState,
  grid: GridController,
  setEdge: (edge: Edge | null) => void,
): () => void {
  const dragged = (): Gid[] => {
    const { gid } = latest.current;
    return grid.selected.get().has(gid) ? grid.targets() : [gid];
  };
  return combine(
    draggable({
      element: node,
      canDrag: ({ input }) => latest.current.canDrag && grid.editing.get() === null && input.button === 0,
      getInitialData: () => ({ type: 'tasks', gids: dragged() }),
    }),
    dropTargetForElements({
      element: node,
      canDrop: ({ source }) =>
        source.data['type'] === 'tasks' &&
        latest.current.canDrag &&
        !(source.data['gids'] as Gid[]).includes(latest.current.gid),
      getData: ({ input, element }) =>
        attachClosestEdge({ gid: latest.current.gid }, { input, element, allowedEdges: ['top', 'bottom'] }),
      onDrag: ({ self }) => setEdge(extractClosestEdge(self.data)),
      onDragLeave: () => setEdge(null),
      onDrop: ({ self, source }) => {
        setEdge(null);
        const row = grid.rows[grid.indexOf(latest.current.gid)];
        if (row?.kind !== 'task') return;
        const place = extractClosestEdge(self.data) === 'top' ? { before: row.gid } : { after: row.gid };
        latest.current.events.moveTo(source.data['gids'] as Gid[], row.group, place);
      },
    }),
  );
}

/** The whole element takes tasks. */
export function registerGroup(
  node: HTMLElement,
  setOver: (isOver: boolean) => void,
  drop: (gids: readonly Gid[]) => void,
): () => void {
  return dropTargetForElements({
    element: node,
    canDrop: ({ source }) => source.data['type'] === 'tasks',
    onDragEnter: () => setOver(true),
    onDragLeave: () => setOver(false),
    onDrop: ({ source, location, self }) => {
      setOver(false);
      if (location.current.dropTargets[0]?.element === self.element) drop(source.data['gids'] as Gid[]);
    },
  });
}

export function registerScroll(element: HTMLElement): () => void {
  return autoScrollForElements({ element });
}
