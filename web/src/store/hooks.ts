import { useCallback, useEffect, useSyncExternalStore } from 'react';
import type { Gid } from '~/lib/id.ts';
import { store } from './entity-store.ts';
import { want } from './queries.ts';
import type { Records, RecordType } from './records.ts';

const NONE: readonly Gid[] = [];
const nothing = () => () => undefined;

/** A record, and an update whenever it changes. Fields in `need` that are not known yet are fetched. */
export function useEntity<T extends RecordType>(
  type: T,
  gid: Gid | null | undefined,
  need?: readonly (keyof Records[T] & string)[],
): Records[T] | undefined {
  const subscribe = useCallback((listener: () => void) => (gid ? store.subscribe(gid, listener) : nothing()), [gid]);
  const record = useSyncExternalStore(subscribe, () => store.get(type, gid));
  const missing = gid && need ? need.filter((name) => record?.[name] === undefined).join() : '';
  useEffect(() => {
    if (gid && missing) want(type, gid, missing.split(','));
  }, [type, gid, missing]);
  return record;
}

/** The gids of an ordered list, undefined while it was never loaded. */
export function useOrder(key: string | null | undefined): readonly Gid[] | undefined {
  return useEntity('order', key ? `order:${key}` : null)?.items;
}

/** The gids of an ordered list, empty while it was never loaded. */
export function useOrderOrEmpty(key: string | null | undefined): readonly Gid[] {
  return useOrder(key) ?? NONE;
}

/** Something computed from many records; `compute` runs after every change of the store, so keep it cheap or cached. */
export function useComputed<T>(compute: () => T): T {
  return useSyncExternalStore((listener) => store.watch(listener), compute);
}

/** The version of the store, for `useMemo` over many records. */
export function useStoreVersion(): number {
  return useSyncExternalStore(
    (listener) => store.watch(listener),
    () => store.changes(),
  );
}
