import type { Gid } from '~/lib/id.ts';
import type { EntityStore } from './entity-store.ts';

/** Fields whose elements have the gid of a definition but are values: the field values of a task are not custom fields. */
const VALUES: ReadonlySet<string> = new Set(['custom_fields']);

function isRecord(value: unknown): value is { gid: Gid } & Record<string, unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { gid?: unknown }).gid === 'string';
}

/** Splits an answer into records: everything inside it that has a gid is kept by its own. */
export function ingest(store: EntityStore, value: unknown, at: number): void {
  store.batch(() => walk(store, value, at, false));
}

/** The gids of a list, in its order, after its records were kept. */
export function ingestList(store: EntityStore, list: readonly unknown[], at: number): Gid[] {
  ingest(store, list, at);
  return list.filter(isRecord).map((record) => record.gid);
}

function walk(store: EntityStore, value: unknown, at: number, isValue: boolean): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(store, item, at, isValue);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) {
      if (typeof inner === 'object' && inner !== null) walk(store, inner, at, VALUES.has(name));
    }
    if (isRecord(value) && !isValue) store.merge(value.gid, value, at);
  }
}
