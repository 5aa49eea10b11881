import { t } from '@lingui/core/macro';
import { request } from '~/api/client.ts';
import { type Gid, temporaryGid } from '~/lib/id.ts';
import { store } from '~/store/entity-store.ts';
import { optimisticPlace, optimisticRemove, orderOf, type Place, setOrder } from '~/store/orders.ts';
import type { Mutation } from './queue.ts';

export function renameSection(gid: Gid, name: string): Mutation {
  const before = store.get('section', gid)?.name ?? '';
  return {
    label: t`Section renamed`,
    gids: [gid],
    merges: `section:${gid}:name`,
    optimistic: (records) => [records.optimistic(gid, { name })],
    request: ({ id, requestId }) =>
      request('PUT', `/sections/${id(gid)}`, { body: { name }, requestId }).then(
        (answer) => (answer as { data: unknown }).data,
      ),
    inverse: () => renameSection(gid, before),
  };
}

/** Creates a section beside another one, or at the end. */
export function createSection(
  project: Gid,
  name: string,
  place: Place = 'end',
  gid: Gid = temporaryGid(),
): Mutation & { gid: Gid } {
  return {
    gid,
    label: t`Section added`,
    gids: [gid, project],
    isOnce: true,
    optimistic: (records) => {
      setOrder(`section:${gid}`, []);
      return [
        records.optimistic(gid, { name, resource_type: 'section', project: { gid: project } }),
        optimisticPlace(`sections:${project}`, gid, place),
      ];
    },
    request: async ({ id, idempotencyKey, requestId }) => {
      const beside =
        typeof place === 'string'
          ? {}
          : 'before' in place
            ? { insert_before: id(place.before) }
            : { insert_after: id(place.after) };
      const { data } = await request<{ data: { gid: Gid } }>('POST', `/projects/${project}/sections`, {
        body: { name, ...beside },
        idempotencyKey,
        requestId,
      });
      return data;
    },
    done: (data, records) => {
      const real = (data as { gid: Gid }).gid;
      setOrder(`section:${real}`, orderOf(`section:${gid}`) ?? []);
      records.rename(gid, real);
    },
    inverse: () => deleteSection(project, gid),
  };
}

/** Deletes a section that has no tasks; the server refuses others. */
export function deleteSection(project: Gid, gid: Gid): Mutation {
  const name = store.get('section', gid)?.name ?? '';
  const list = orderOf(`sections:${project}`) ?? [];
  const next = list[list.indexOf(gid) + 1];
  return {
    label: t`Section deleted`,
    gids: [gid, project],
    optimistic: () => [optimisticRemove(`sections:${project}`, gid)],
    request: ({ id, requestId }) => request('DELETE', `/sections/${id(gid)}`, { requestId }),
    inverse: () => createSection(project, name, next ? { before: next } : 'end'),
  };
}

export function moveSection(project: Gid, gid: Gid, place: { before: Gid } | { after: Gid }): Mutation {
  const list = orderOf(`sections:${project}`) ?? [];
  const index = list.indexOf(gid);
  const [previous, next] = [list[index - 1], list[index + 1]];
  return {
    label: t`Section moved`,
    gids: [gid, project],
    isOnce: true,
    optimistic: () => [optimisticPlace(`sections:${project}`, gid, place)],
    request: ({ id, idempotencyKey, requestId }) => {
      const beside = 'before' in place ? { before_section: id(place.before) } : { after_section: id(place.after) };
      return request('POST', `/projects/${project}/sections/insert`, {
        body: { section: id(gid), ...beside },
        idempotencyKey,
        requestId,
      });
    },
    inverse: () => moveSection(project, gid, next ? { before: next } : { after: previous ?? gid }),
  };
}
