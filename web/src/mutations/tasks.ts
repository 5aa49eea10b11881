import { t } from '@lingui/core/macro';
import { api, request } from '~/api/client.ts';
import { type Gid, temporaryGid } from '~/lib/id.ts';
import { type Overlay, store } from '~/store/entity-store.ts';
import { TASK_FIELDS } from '~/store/fields.ts';
import { optimisticPlace, optimisticRemove, orderOf, type Place } from '~/store/orders.ts';
import type { FieldValue, Task } from '~/store/records.ts';
import type { Mutation } from './queue.ts';

type TaskChange = Partial<Task>;

/** What a change of fields looks like on the wire: references by gid. */
function onTheWire(change: TaskChange): Record<string, unknown> {
  const body: Record<string, unknown> = { ...change };
  if ('assignee' in change) body['assignee'] = change.assignee?.gid ?? null;
  // A time and a day exclude each other.
  if (change.due_at) delete body['due_on'];
  else delete body['due_at'];
  if (change.start_at) delete body['start_on'];
  else delete body['start_at'];
  delete body['num_likes'];
  // The answer to an approval says whether it is complete.
  if ('approval_status' in change) delete body['completed'];
  if ('notes' in change && 'html_notes' in change) delete body['notes'];
  return body;
}

/** Changes fields of a task. `merges` fields that are written while typing. */
export function updateTask(gid: Gid, change: TaskChange, label: string): Mutation {
  const before = store.get('task', gid);
  const names = Object.keys(change) as (keyof Task)[];
  const back = Object.fromEntries(names.map((name) => [name, before?.[name] ?? null])) as TaskChange;
  return {
    label,
    gids: [gid],
    merges: `task:${gid}:${names.join()}`,
    optimistic: (records) => [records.optimistic(gid, change)],
    request: ({ id, requestId }) =>
      request('PUT', `/tasks/${id(gid)}`, { body: onTheWire(change), requestId }).then(
        (answer) => (answer as { data: unknown }).data,
      ),
    inverse: () => updateTask(gid, back, label),
  };
}

export function setCompleted(gid: Gid, completed: boolean): Mutation {
  return updateTask(gid, { completed }, completed ? t`Task completed` : t`Task reopened`);
}

export function renameTask(gid: Gid, name: string): Mutation {
  return updateTask(gid, { name }, t`Task renamed`);
}

export function setAssignee(gid: Gid, user: { gid: string; name?: string | undefined } | null): Mutation {
  const assignee = user && { gid: user.gid, resource_type: 'user', name: user.name ?? '' };
  return updateTask(gid, { assignee } as TaskChange, user ? t`Assigned to ${user.name ?? ''}` : t`Assignee removed`);
}

export interface DateChange {
  start_on: string | null;
  start_at?: string | null;
  due_on: string | null;
  due_at?: string | null;
}

export function setDates(gid: Gid, dates: DateChange): Mutation {
  return updateTask(gid, { start_at: null, due_at: null, ...dates }, t`Date changed`);
}

/** Sets the value of a custom field; `shown` is the value as it is shown until the server answers. */
export function setField(gid: Gid, field: Gid, value: unknown, shown: Partial<FieldValue>): Mutation {
  const before = store.get('task', gid)?.custom_fields?.find((item) => item.gid === field);
  const patch = (below: Record<string, unknown>) => ({
    custom_fields: ((below['custom_fields'] as FieldValue[] | undefined) ?? []).map((item) =>
      item.gid === field ? { ...item, ...shown } : item,
    ),
  });
  return {
    label: t`${before?.name ?? ''} changed`,
    gids: [gid],
    merges: `task:${gid}:field:${field}`,
    optimistic: (records) => [records.optimistic(gid, patch)],
    request: ({ id, requestId }) =>
      request('PUT', `/tasks/${id(gid)}`, { body: { custom_fields: { [field]: value } }, requestId }).then(
        (answer) => (answer as { data: unknown }).data,
      ),
    inverse: () => setField(gid, field, fieldValue(before), before ?? {}),
  };
}

/** A field's value as it is written. */
export function fieldValue(field: FieldValue | undefined): unknown {
  switch (field?.type) {
    case 'enum':
      return field.enum_value?.gid ?? null;
    case 'multi_enum':
      return (field.multi_enum_values ?? []).map((option) => option.gid);
    case 'number':
      return field.number_value ?? null;
    case 'text':
      return field.text_value ?? null;
    case 'date':
      return field.date_value ?? null;
    case 'people':
      return (field.people_value ?? []).map((person) => person.gid);
    default:
      return null;
  }
}

export interface NewTask {
  name: string;
  workspace: Gid;
  project?: Gid | null;
  section?: Gid | null;
  parent?: Gid | null;
  assignee?: { gid: string; name?: string | undefined } | null;
  due_on?: string | null;
  html_notes?: string;
  resource_subtype?: 'default_task' | 'milestone' | 'approval';
  place?: Place;
}

/** The gid that a place names, if it names one: what is placed beside something waits until that exists. */
function anchorOf(place: Place): Gid[] {
  return typeof place === 'string' ? [] : ['before' in place ? place.before : place.after];
}

/** A place as the API has it: null before which something goes is the end, null after which the beginning. */
export function placeOnTheWire(
  place: Place,
  id: (gid: Gid) => Gid,
): { insert_before: Gid | null } | { insert_after: Gid | null } {
  if (place === 'start') return { insert_after: null };
  if (place === 'end') return { insert_before: null };
  return 'before' in place ? { insert_before: id(place.before) } : { insert_after: id(place.after) };
}

/** Creates a task. `gid` is temporary until the server has answered; the store renames it everywhere. */
export function createTask(values: NewTask, gid: Gid = temporaryGid()): Mutation & { gid: Gid } {
  const { workspace, project, section, parent, assignee, place = 'end', ...fields } = values;
  const order = parent ? `subtasks:${parent}` : section ? `section:${section}` : null;
  return {
    gid,
    label: t`Task created`,
    gids: [gid, ...(parent ? [parent] : []), ...(section ? [section] : []), ...anchorOf(place)],
    isOnce: true,
    optimistic: (records) => {
      const overlays: Overlay[] = [
        records.optimistic(gid, {
          resource_type: 'task',
          completed: false,
          resource_subtype: 'default_task',
          num_subtasks: 0,
          custom_fields: [],
          ...fields,
          assignee: assignee ? { ...assignee, resource_type: 'user' } : null,
          memberships: project
            ? [
                {
                  project: { gid: project, resource_type: 'project' },
                  section: section ? { gid: section, resource_type: 'section' } : null,
                },
              ]
            : [],
          parent: parent ? { gid: parent, resource_type: 'task' } : null,
        }),
      ];
      if (order) overlays.push(optimisticPlace(order, gid, place));
      return overlays;
    },
    request: async ({ id, idempotencyKey, requestId }) => {
      const body: Record<string, unknown> = { ...fields, workspace, assignee: assignee?.gid ?? null };
      if (parent) body['parent'] = id(parent);
      else if (project && section) body['memberships'] = [{ project, section: id(section) }];
      else if (project) body['projects'] = [project];
      const query = { opt_fields: TASK_FIELDS };
      const { data } = await request<{ data: { gid: Gid } }>('POST', '/tasks', {
        body,
        query,
        idempotencyKey,
        requestId,
      });
      // A new task stands on top.
      if (place !== 'start') {
        const target = placeOnTheWire(place, id);
        if (parent)
          await request('POST', `/tasks/${data.gid}/setParent`, { body: { parent: id(parent), ...target }, requestId });
        else if (section)
          await request('POST', `/sections/${id(section)}/addTask`, { body: { task: data.gid, ...target }, requestId });
      }
      return data;
    },
    done: (data, records) => records.rename(gid, (data as { gid: Gid }).gid),
    inverse: () => deleteTask(gid),
  };
}

/** The orders that a task stands in, as far as its record tells. */
function ordersOf(gid: Gid): string[] {
  const task = store.get('task', gid);
  const sections = (task?.memberships ?? []).flatMap((membership) =>
    membership.section ? [`section:${membership.section.gid}`] : [],
  );
  return task?.parent ? [...sections, `subtasks:${task.parent.gid}`] : sections;
}

/** How long a deletion can be undone: the API has no operation that takes it back, so it is sent after this. */
const UNDO_MS = 10_000;

export function deleteTask(gid: Gid): Mutation {
  const mutation: Mutation = {
    label: t`Task deleted`,
    gids: [gid],
    optimistic: (records) => {
      records.setDeleted(gid, true);
      const places = ordersOf(gid).map((key) => optimisticRemove(key, gid));
      return [...places, { commit: () => undefined, rollback: () => records.setDeleted(gid, false) }];
    },
    request: ({ id }) => api.delete('/tasks/{task_gid}', { path: { task_gid: id(gid) } }),
    hold: UNDO_MS,
    inverse: () => ({
      label: t`Task restored`,
      gids: [gid],
      optimistic: () => [],
      request: () => Promise.resolve(null),
      cancels: mutation,
    }),
  };
  return mutation;
}

/** Moves a task to a place in a section of a project, from another section perhaps. */
export function moveTask(gid: Gid, project: Gid, from: Gid | null, to: Gid, place: Place): Mutation {
  const old = from ? (orderOf(`section:${from}`) ?? []) : [];
  const index = old.indexOf(gid);
  const next = old[index + 1];
  const back: Place = index < 0 || !next ? 'end' : { before: next };
  const sectionOf = (below: Record<string, unknown>) => ({
    memberships: ((below['memberships'] as Task['memberships']) ?? []).map((membership) =>
      membership.project?.gid === project
        ? { ...membership, section: { gid: to, resource_type: 'section', name: store.get('section', to)?.name ?? '' } }
        : membership,
    ),
  });
  return {
    label: t`Task moved`,
    gids: [gid, to, ...anchorOf(place)],
    isOnce: true,
    optimistic: (records) => [
      ...(from && from !== to ? [optimisticRemove(`section:${from}`, gid)] : []),
      optimisticPlace(`section:${to}`, gid, place),
      ...(from === to ? [] : [records.optimistic(gid, sectionOf)]),
    ],
    request: ({ id, idempotencyKey, requestId }) => {
      const body = { task: id(gid), ...placeOnTheWire(place, id) };
      return request('POST', `/sections/${id(to)}/addTask`, { body, idempotencyKey, requestId });
    },
    inverse: () => (from ? moveTask(gid, project, to, from, back) : moveTask(gid, project, to, to, place)),
  };
}

/** A relation of a task that is added and removed by operations of its own. */
interface Link {
  add: string;
  remove: string;
  field: 'followers' | 'tags' | 'dependencies' | 'dependents';
  body: (gid: Gid) => Record<string, unknown>;
}

const LINKS = {
  follower: {
    add: 'addFollowers',
    remove: 'removeFollowers',
    field: 'followers',
    body: (gid) => ({ followers: [gid] }),
  },
  tag: { add: 'addTag', remove: 'removeTag', field: 'tags', body: (gid) => ({ tag: gid }) },
  dependency: {
    add: 'addDependencies',
    remove: 'removeDependencies',
    field: 'dependencies',
    body: (gid) => ({ dependencies: [gid] }),
  },
  dependent: {
    add: 'addDependents',
    remove: 'removeDependents',
    field: 'dependents',
    body: (gid) => ({ dependents: [gid] }),
  },
} satisfies Record<string, Link>;

/** Adds or removes a follower, tag or dependency. */
export function link(
  gid: Gid,
  kind: keyof typeof LINKS,
  other: { gid: string; name?: string | undefined; color?: unknown; resource_type?: string },
  isAdded: boolean,
): Mutation {
  const { add, remove, field, body } = LINKS[kind];
  const patch = (below: Record<string, unknown>) => {
    const list = ((below[field] as { gid: string }[] | undefined) ?? []).filter((item) => item.gid !== other.gid);
    return { [field]: isAdded ? [...list, other] : list };
  };
  return {
    label: isAdded ? t`Added ${other.name ?? ''}` : t`Removed ${other.name ?? ''}`,
    gids: [gid],
    optimistic: (records) => [records.optimistic(gid, patch)],
    request: ({ id, requestId }) =>
      request('POST', `/tasks/${id(gid)}/${isAdded ? add : remove}`, { body: body(id(other.gid)), requestId }),
    inverse: () => link(gid, kind, other, !isAdded),
  };
}

/** Likes a task, or takes it back. */
export function setLiked(gid: Gid, liked: boolean): Mutation {
  const count = store.get('task', gid)?.num_likes ?? 0;
  return updateTask(
    gid,
    { liked, num_likes: Math.max(0, count + (liked ? 1 : -1)) } as TaskChange,
    liked ? t`Liked` : t`Like removed`,
  );
}
