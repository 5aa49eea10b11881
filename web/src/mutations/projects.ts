import { t } from '@lingui/core/macro';
import { request } from '~/api/client.ts';
import type { Gid } from '~/lib/id.ts';
import { store } from '~/store/entity-store.ts';
import { optimisticPlace, optimisticRemove } from '~/store/orders.ts';
import type { Task } from '~/store/records.ts';
import type { Mutation } from './queue.ts';

type Memberships = NonNullable<Task['memberships']>;

/** Adds a task to a project, or takes it out. */
export function setInProject(gid: Gid, project: { gid: Gid; name?: string | undefined }, isIn: boolean): Mutation {
  const section = store.get('task', gid)?.memberships?.find((item) => item.project?.gid === project.gid)?.section?.gid;
  const patch = (below: Record<string, unknown>) => {
    const rest = ((below['memberships'] as Memberships | undefined) ?? []).filter(
      (item) => item.project?.gid !== project.gid,
    );
    return {
      memberships: isIn ? [...rest, { project: { gid: project.gid, name: project.name }, section: null }] : rest,
    };
  };
  return {
    label: isIn ? t`Added to ${project.name ?? ''}` : t`Removed from ${project.name ?? ''}`,
    gids: [gid],
    optimistic: (records) => [
      records.optimistic(gid, patch),
      ...(section && !isIn ? [optimisticRemove(`section:${section}`, gid)] : []),
    ],
    request: async ({ id, requestId }) => {
      await request('POST', `/tasks/${id(gid)}/${isIn ? 'addProject' : 'removeProject'}`, {
        body: { project: project.gid },
        requestId,
      });
      // Which section it came to is only known now.
      return (
        await request<{ data: unknown }>('GET', `/tasks/${id(gid)}`, {
          query: { opt_fields: 'memberships.project.name,memberships.project.color,memberships.section.name' },
        })
      ).data;
    },
    inverse: () => setInProject(gid, project, !isIn),
  };
}

/** Puts a task into another section of a project, at its end. */
export function setSection(gid: Gid, project: Gid, section: { gid: Gid; name?: string | undefined }): Mutation {
  const before = store.get('task', gid)?.memberships?.find((item) => item.project?.gid === project)?.section;
  const patch = (below: Record<string, unknown>) => ({
    memberships: ((below['memberships'] as Memberships | undefined) ?? []).map((item) =>
      item.project?.gid === project ? { ...item, section: { gid: section.gid, name: section.name } } : item,
    ),
  });
  return {
    label: t`Moved to ${section.name ?? ''}`,
    gids: [gid],
    isOnce: true,
    optimistic: (records) => [
      records.optimistic(gid, patch),
      ...(before ? [optimisticRemove(`section:${before.gid}`, gid)] : []),
      ...(records.get('order', `order:section:${section.gid}`)
        ? [optimisticPlace(`section:${section.gid}`, gid, 'end')]
        : []),
    ],
    request: ({ id, idempotencyKey, requestId }) =>
      request('POST', `/sections/${section.gid}/addTask`, {
        body: { task: id(gid), insert_before: null },
        idempotencyKey,
        requestId,
      }),
    ...(before ? { inverse: () => setSection(gid, project, { gid: before.gid, name: before.name }) } : {}),
  };
}
