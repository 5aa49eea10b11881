import type { Edge } from '@atlaskit/pragmatic-drag-and-drop-hitbox/closest-edge';
import { type RefObject, useEffect, useRef, useState } from 'react';
import type { Gid } from '~/lib/id.ts';
import type { GridController } from './controller.ts';
import type { GridEvents } from './events.ts';

type Library = typeof import('./drag-register.ts');

/** The library comes after the first rows: nobody drags within the first moment. */
function withLibrary(register: (library: Library) => () => void): () => void {
  let leave: (() => void) | undefined;
  let isLeft = false;
  void import('./drag-register.ts').then((library) => {
    if (!isLeft) leave = register(library);
  });
  return () => {
    isLeft = true;
    leave?.();
  };
}

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
    return node ? withLibrary((library) => library.registerRow(node, latest, grid, setEdge)) : undefined;
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
    return node
      ? withLibrary((library) => library.registerGroup(node, setOver, (gids) => latest.current(gids)))
      : undefined;
  }, [element, group]);
  return isOver;
}

/** Scrolls while something is dragged to an edge. */
export function useDragScroll(element: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const node = element.current;
    return node ? withLibrary((library) => library.registerScroll(node)) : undefined;
  }, [element]);
}
