import { combine } from '@atlaskit/pragmatic-drag-and-drop/combine';
import { draggable, dropTargetForElements } from '@atlaskit/pragmatic-drag-and-drop/element/adapter';
import {
  attachClosestEdge,
  type Edge,
  extractClosestEdge,
} from '@atlaskit/pragmatic-drag-and-drop-hitbox/closest-edge';
import { type RefObject, useEffect, useRef, useState } from 'react';
import type { Gid } from '~/lib/id.ts';
import type { GridController } from './controller.ts';
import type { GridEvents } from './events.ts';

/** Rows can be taken and dropped on. Handlers are registered once for each slot and read the gid when they run. */
export function useRowDrag(
  element: RefObject<HTMLElement | null>,
  gid: Gid,
  grid: GridController,
  events: GridEvents,
  canDrag: boolean,
): Edge | null {
  const [edge, setEdge] = useState<Edge | null>(null);
  const latest = useRef({ gid, events, canDrag });
  useEffect(() => {
    latest.current = { gid, events, canDrag };
  });
  useEffect(() => {
    const node = element.current;
    if (!node) return;
    const dragged = (): Gid[] => {
      const current = latest.current.gid;
      return grid.selected.get().has(current) ? grid.targets() : [current];
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
        getData: ({ input, element: target }) =>
          attachClosestEdge({ gid: latest.current.gid }, { input, element: target, allowedEdges: ['top', 'bottom'] }),
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
  }, [element, grid]);
  return edge;
}

/** Something that takes dropped tasks as a whole: the head of a section, a column. */
export function useGroupDrop(
  element: RefObject<HTMLElement | null>,
  group: string,
  drop: (gids: readonly Gid[]) => void,
): boolean {
  const [isOver, setOver] = useState(false);
  const latest = useRef(drop);
  useEffect(() => {
    latest.current = drop;
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another group is another target
  useEffect(() => {
    const node = element.current;
    if (!node) return;
    return dropTargetForElements({
      element: node,
      canDrop: ({ source }) => source.data['type'] === 'tasks',
      onDragEnter: () => setOver(true),
      onDragLeave: () => setOver(false),
      onDrop: ({ source, location, self }) => {
        setOver(false);
        if (location.current.dropTargets[0]?.element === self.element) latest.current(source.data['gids'] as Gid[]);
      },
    });
  }, [element, group]);
  return isOver;
}
