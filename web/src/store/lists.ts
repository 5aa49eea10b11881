import { useQuery } from '@tanstack/react-query';
import type { Gid } from '~/lib/id.ts';
import { store } from './entity-store.ts';
import { useOrder } from './hooks.ts';
import { setOrder } from './orders.ts';
import { fetchList, fetchRecord } from './queries.ts';

/** A whole list, kept as an order of the store under `key`, so that changes of it are optimistic and live. */
export function useList(
  key: string | null,
  path: string,
  query: Record<string, string | number | boolean | undefined> = {},
) {
  const status = useQuery({
    queryKey: ['list', key, path, query],
    enabled: key !== null,
    queryFn: async ({ signal }) => {
      const at = store.now();
      const gids = await fetchList(path, query, signal);
      if (key) setOrder(key, gids, at);
      return gids.length;
    },
  });
  const gids = useOrder(key);
  return { gids, isLoading: !gids && status.isLoading, error: gids ? null : status.error, refetch: status.refetch };
}

/** One record with the fields a screen needs. */
export function useRecordQuery(kind: string, gid: Gid | null | undefined, path: string, fields: string) {
  return useQuery({
    queryKey: ['record', kind, gid, fields],
    enabled: !!gid && !gid.startsWith('tmp-'),
    queryFn: async ({ signal }) => {
      await fetchRecord(path, { opt_fields: fields }, signal);
      return gid ?? null;
    },
  });
}

export const PROJECT_FIELDS =
  'name,color,icon,archived,default_view,privacy_setting,team.name,workspace.name,owner.name,current_status_update.title,current_status_update.resource_subtype,due_on,start_on,completed,members.name,modified_at';

/** The projects of a workspace that this person sees. */
export function useProjects(ws: Gid | null) {
  return useList(ws && `projects:${ws}`, `/workspaces/${ws}/projects`, {
    archived: false,
    opt_fields: 'name,color,icon,default_view,team.name,archived,owner.name,due_on,modified_at',
  });
}

export function useUsers(ws: Gid | null) {
  return useList(ws && `users:${ws}`, `/workspaces/${ws}/users`, { opt_fields: 'name,email,photo' });
}

export function useFavorites(ws: Gid | null) {
  return useList(ws && `favorites:${ws}`, '/users/me/favorites', {
    resource_type: 'project',
    workspace: ws ?? undefined,
    opt_fields: 'name,color',
  });
}
