import { type RefObject, useEffect, useState } from 'react';

/** Where each row begins; one more entry than rows, the last is the whole height. */
export type Tops = Float64Array;

export function topsOf(count: number, height: (index: number) => number): Tops {
  const tops = new Float64Array(count + 1);
  for (let index = 0; index < count; index += 1) tops[index + 1] = (tops[index] ?? 0) + height(index);
  return tops;
}

/** The last row that begins at or before `y`. */
export function rowAt(tops: Tops, y: number): number {
  let low = 0;
  let high = tops.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((tops[middle] ?? 0) <= y) low = middle;
    else high = middle - 1;
  }
  return Math.min(low, tops.length - 2);
}

/** The part of the rows to render. It changes in steps of four rows, so that most scroll events render nothing. */
const STEP = 4;

/**
 * Which rows are near what is seen. Slots are recycled with `key={index % pool}`, so row state must be keyed by gid.
 */
export function useRowWindow(element: RefObject<HTMLElement | null>, tops: Tops, rowHeight: number, overscan = 8) {
  const [first, setFirst] = useState(0);
  const [height, setHeight] = useState(800);
  useEffect(() => {
    const node = element.current;
    if (!node) return;
    const onScroll = () => setFirst(Math.floor(Math.max(0, rowAt(tops, node.scrollTop)) / STEP) * STEP);
    const observer = new ResizeObserver(() => setHeight(node.clientHeight || 800));
    observer.observe(node);
    onScroll();
    node.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      observer.disconnect();
      node.removeEventListener('scroll', onScroll);
    };
  }, [element, tops]);
  const count = tops.length - 1;
  const pool = Math.ceil(height / rowHeight) + 2 * overscan + STEP;
  const start = Math.max(0, Math.min(first, count - 1) - overscan);
  return { start, end: Math.min(count, start + pool), pool };
}
