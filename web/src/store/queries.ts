import { QueryClient } from '@tanstack/react-query';
import { ApiError, type Page, type Query, request } from '~/api/client.ts';
import { type Gid, isTemporary } from '~/lib/id.ts';
import { store } from './entity-store.ts';
import { ingest, ingestList } from './ingest.ts';
import type { RecordType } from './records.ts';

/** Status, retry and de-duplication of requests. Results hold gids only; the records are in the store. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 60_000,
      gcTime: 10 * 60_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => count < 2 && (!(error instanceof ApiError) || error.isTemporary),
    },
  },
});

/** The page limit of the API. */
const PAGE = 100;

/** Reads one object and keeps it. */
export async function fetchRecord<T = unknown>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  const at = store.now();
  const { data } = await request<{ data: T }>('GET', path, { query, signal });
  ingest(store, data, at);
  return data;
}

/** Reads one page of a list, keeps its records, and tells its gids and where it goes on. */
export async function fetchPage(
  path: string,
  query?: Query,
  signal?: AbortSignal,
): Promise<{ gids: Gid[]; offset: string | undefined }> {
  const at = store.now();
  const page = await request<Page<unknown>>('GET', path, { query: { limit: PAGE, ...query }, signal });
  return { gids: ingestList(store, page.data, at), offset: page.next_page?.offset };
}

/** Reads a whole list, page after page; `each` is told after each page. */
export async function fetchList(
  path: string,
  query?: Query,
  signal?: AbortSignal,
  each?: (gids: readonly Gid[]) => void,
): Promise<Gid[]> {
  const gids: Gid[] = [];
  let offset: string | undefined;
  do {
    const page = await fetchPage(path, { ...query, offset }, signal);
    gids.push(...page.gids);
    offset = page.offset;
    each?.(gids);
  } while (offset);
  return gids;
}

/** Where one record of a kind is read. */
const PATHS: Partial<Record<RecordType, string>> = {
  task: '/tasks/',
  project: '/projects/',
  section: '/sections/',
  user: '/users/',
  story: '/stories/',
  attachment: '/attachments/',
  tag: '/tags/',
  team: '/teams/',
  workspace: '/workspaces/',
  custom_field: '/custom_fields/',
};

const wanted = new Map<Gid, { path: string; fields: Set<string> }>();
const asked = new Map<Gid, Set<string>>();

/** Fetches fields of a record that somebody shows, once; what is wanted in the same moment goes in one request. */
export function want(type: RecordType, gid: Gid, fields: readonly string[]): void {
  const path = PATHS[type];
  if (!path || isTemporary(gid)) return;
  const before = asked.get(gid) ?? new Set();
  asked.set(gid, before);
  const missing = fields.filter((field) => !before.has(field));
  if (missing.length === 0) return;
  if (wanted.size === 0) queueMicrotask(fetchWanted);
  const entry = wanted.get(gid) ?? { path, fields: new Set<string>() };
  for (const field of missing) {
    before.add(field);
    entry.fields.add(field);
  }
  wanted.set(gid, entry);
}

/** Reads fields again whatever was asked before: somebody else changed them. */
export function refetch(type: RecordType, gid: Gid, fields: readonly string[]): void {
  const before = asked.get(gid);
  for (const field of fields) before?.delete(field);
  want(type, gid, fields);
}

function fetchWanted(): void {
  const list = [...wanted];
  wanted.clear();
  for (const [gid, { path, fields }] of list) {
    fetchRecord(path + gid, { opt_fields: [...fields].join() }).catch(() => {
      // Asked again when somebody shows it again.
      for (const field of fields) asked.get(gid)?.delete(field);
    });
  }
}
