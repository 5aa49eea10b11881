import { useRef, useSyncExternalStore } from 'react';
import { store } from '~/store/entity-store.ts';
import type { GridRow, Group } from './rows.ts';

/** Rows that are computed again only when an order changes, or any record while they are filtered, sorted or grouped by value. */
export function useRows(
  compute: () => { rows: readonly GridRow[]; groups: readonly Group[] },
  orders: () => unknown[],
  isByValue: boolean,
  key: unknown[],
) {
  const cache = useRef<{
    key: unknown[];
    refs: unknown[];
    value: { rows: readonly GridRow[]; groups: readonly Group[] };
  } | null>(null);
  return useSyncExternalStore(
    (listener) => store.watch(listener),
    () => {
      const refs = isByValue ? [store.changes()] : orders();
      const old = cache.current;
      const isSame = (a: unknown[], b: unknown[]) =>
        a.length === b.length && a.every((value, index) => Object.is(value, b[index]));
      if (old && isSame(old.refs, refs) && isSame(old.key, key)) return old.value;
      const value = compute();
      cache.current = { key, refs, value };
      return value;
    },
  );
}
