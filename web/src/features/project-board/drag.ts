import { combine } from '@atlaskit/pragmatic-drag-and-drop/combine';
import { draggable, dropTargetForElements } from '@atlaskit/pragmatic-drag-and-drop/element/adapter';
import {
  attachClosestEdge,
  type Edge,
  extractClosestEdge,
} from '@atlaskit/pragmatic-drag-and-drop-hitbox/closest-edge';
import { type RefObject, useEffect, useRef, useState } from 'react';
import type { GridController } from '~/grid/controller.ts';
import type { GridEvents } from '~/grid/events.ts';
import type { Gid } from '~/lib/id.ts';

/** A card can be taken, with all that are selected, and others can be dropped before or after it. */
export function useCardDrag(
  element: RefObject<HTMLElement | null>,
  gid: Gid,
  group: string,
  grid: GridController,
  events: GridEvents,
  canMove: boolean,
): { edge: Edge | null; isDragged: boolean } {
  const [edge, setEdge] = useState<Edge | null>(null);
  const [isDragged, setDragged] = useState(false);
  useEffect(() => {
    const node = element.current;
    if (!node || !canMove) return;
    return combine(
      draggable({
        element: node,
        // A finger scrolls; "Move to section" moves.
        canDrag: () => grid.editing.get() === null && matchMedia('(pointer: fine)').matches,
        getInitialData: () => ({ type: 'tasks', gids: grid.selected.get().has(gid) ? grid.targets() : [gid] }),
        onDragStart: () => setDragged(true),
        onDrop: () => setDragged(false),
      }),
      dropTargetForElements({
        element: node,
        canDrop: ({ source }) =>
          source.data['type'] === 'tasks' && !(source.data['gids'] as readonly Gid[]).includes(gid),
        getData: ({ input, element: target }) =>
          attachClosestEdge({ gid }, { input, element: target, allowedEdges: ['top', 'bottom'] }),
        onDrag: ({ self }) => setEdge(extractClosestEdge(self.data)),
        onDragLeave: () => setEdge(null),
        onDrop: ({ self, source }) => {
          setEdge(null);
          const place = extractClosestEdge(self.data) === 'top' ? { before: gid } : { after: gid };
          events.moveTo(source.data['gids'] as readonly Gid[], group, place);
        },
      }),
    );
  }, [element, gid, group, grid, events, canMove]);
  return { edge, isDragged };
}

/** A column takes what is dropped beside its cards. */
export function useColumnDrop(
  element: RefObject<HTMLElement | null>,
  group: string,
  canMove: boolean,
  drop: (gids: readonly Gid[]) => void,
): boolean {
  const [isOver, setOver] = useState(false);
  const latest = useRef(drop);
  useEffect(() => {
    latest.current = drop;
  });
  useEffect(() => {
    const node = element.current;
    if (!node || !canMove) return;
    const isInner = (targets: readonly { element: Element }[]) => targets[0]?.element === node;
    return dropTargetForElements({
      element: node,
      getData: () => ({ group }),
      canDrop: ({ source }) => source.data['type'] === 'tasks',
      onDrag: ({ location }) => setOver(isInner(location.current.dropTargets)),
      onDragLeave: () => setOver(false),
      onDrop: ({ source, location }) => {
        setOver(false);
        if (isInner(location.current.dropTargets)) latest.current(source.data['gids'] as readonly Gid[]);
      },
    });
  }, [element, group, canMove]);
  return isOver;
}
