import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import type { Gid } from '~/lib/id.ts';
import { store } from '~/store/entity-store.ts';
import { TASK_FIELDS } from '~/store/fields.ts';
import { useList } from '~/store/lists.ts';
import { setOrder } from '~/store/orders.ts';
import { fetchPage, queryClient } from '~/store/queries.ts';
import { isOwn, onStream } from '~/stream/stream.ts';

/** Which tasks are loaded: open ones and what was completed lately, or all. */
export type Completed = 'incomplete' | 'all';

/** How long changes of others are gathered before the order is read again. */
const SETTLE_MS = 400;

/**
 * The sections of a project and its tasks, as orders of the store: `sections:{project}` and `section:{section}`.
 * The first page is shown as soon as it is there.
 */
export function useProjectTasks(project: Gid, completed: Completed = 'incomplete') {
  const sections = useList(`sections:${project}`, `/projects/${project}/sections`, { opt_fields: 'name' });
  const tasks = useQuery({
    queryKey: ['project-tasks', project, completed],
    queryFn: ({ signal }) => load(project, completed, signal),
    staleTime: 5 * 60_000,
  });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const leave = onStream({
      changed: (frame) => {
        const isStructure =
          frame.action !== 'changed' ||
          frame.fields?.some((field) => field === 'memberships' || field === 'section' || field === 'projects');
        if (isOwn(frame.request_id) || !isStructure || !['task', 'section'].includes(frame.resource_type)) return;
        clearTimeout(timer);
        timer = setTimeout(() => {
          void queryClient.invalidateQueries({ queryKey: ['project-tasks', project] });
          void queryClient.invalidateQueries({ queryKey: ['list', `sections:${project}`] });
        }, SETTLE_MS);
      },
    });
    return () => {
      clearTimeout(timer);
      leave();
    };
  }, [project]);
  return useMemo(
    () => ({
      sections: sections.gids,
      isLoading: sections.isLoading || (tasks.isLoading && !tasks.data),
      error: sections.error ?? (tasks.data ? null : tasks.error),
      refetch: () => {
        void sections.refetch();
        void tasks.refetch();
      },
    }),
    [sections, tasks.isLoading, tasks.data, tasks.error, tasks.refetch],
  );
}

async function load(project: Gid, completed: Completed, signal: AbortSignal): Promise<number> {
  const query = { opt_fields: TASK_FIELDS, ...(completed === 'incomplete' ? { completed_since: 'now' } : {}) };
  const bySection = new Map<Gid, Gid[]>();
  let offset: string | undefined;
  let count = 0;
  let pages = 0;
  do {
    const at = store.now();
    const page = await fetchPage(`/projects/${project}/tasks`, { ...query, offset }, signal);
    for (const gid of page.gids) {
      const membership = store.get('task', gid)?.memberships?.find((item) => item.project?.gid === project);
      const section = membership?.section?.gid;
      if (!section) continue;
      const list = bySection.get(section) ?? [];
      list.push(gid);
      bySection.set(section, list);
    }
    count += page.gids.length;
    offset = page.offset;
    pages += 1;
    // The first page at once, then as the list doubles: 10,000 tasks are 100 pages, and each order is copied.
    if (!offset || (pages & (pages - 1)) === 0) {
      store.batch(() => {
        for (const [section, gids] of bySection) setOrder(`section:${section}`, [...gids], at);
      });
    }
  } while (offset);
  // Sections without tasks are empty, not unknown.
  store.batch(() => {
    for (const section of store.get('order', `order:sections:${project}`)?.items ?? []) {
      if (!bySection.has(section)) setOrder(`section:${section}`, []);
    }
  });
  return count;
}
