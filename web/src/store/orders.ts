import type { Gid } from '~/lib/id.ts';
import { type Overlay, store } from './entity-store.ts';

/** Where something goes in a list: before or after another, or at an end. */
export type Place = { before: Gid } | { after: Gid } | 'start' | 'end';

/** The list with `gid` at its place; it is moved when it was there already. */
export function placed(items: readonly Gid[], gid: Gid, place: Place): Gid[] {
  const rest = items.filter((item) => item !== gid);
  if (place === 'start') return [gid, ...rest];
  if (place === 'end') return [...rest, gid];
  const beside = 'before' in place ? place.before : place.after;
  const index = rest.indexOf(beside);
  if (index < 0) return [...rest, gid];
  rest.splice('before' in place ? index : index + 1, 0, gid);
  return rest;
}

function items(below: Record<string, unknown>): readonly Gid[] {
  return (below['items'] as readonly Gid[] | undefined) ?? [];
}

export function orderOf(key: string): readonly Gid[] | undefined {
  return store.get('order', `order:${key}`)?.items;
}

/** What the server says the order is. */
export function setOrder(key: string, list: readonly Gid[], at?: number): void {
  store.merge(`order:${key}`, { items: list }, at);
}

/** Changes an order that the server has told already. */
export function changeOrder(key: string, change: (items: readonly Gid[]) => readonly Gid[]): void {
  const current = orderOf(key);
  if (current) setOrder(key, change(current));
}

export function optimisticPlace(key: string, gid: Gid, place: Place): Overlay {
  return store.optimistic(`order:${key}`, (below) => ({ items: placed(items(below), store.resolve(gid), place) }));
}

export function optimisticRemove(key: string, gid: Gid): Overlay {
  return store.optimistic(`order:${key}`, (below) => ({
    items: items(below).filter((item) => item !== store.resolve(gid)),
  }));
}
