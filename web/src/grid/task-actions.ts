import { t } from '@lingui/core/macro';
import type { Gid } from '~/lib/id.ts';
import { mutate, mutateAll } from '~/mutations/mutate.ts';
import { createTask, moveTask } from '~/mutations/tasks.ts';
import { store } from '~/store/entity-store.ts';
import type { Place } from '~/store/orders.ts';

interface Added {
  ws: Gid;
  project: Gid;
  section: Gid | null;
  name: string;
  place?: Place;
  parent?: Gid | null;
  subtype?: 'milestone' | 'approval' | undefined;
  due_on?: string;
}

/** Makes a task in a section of a project, or below a parent. Its gid is temporary until the server has answered. */
export function addTask({ ws, project, section, name, place = 'end', parent, subtype, due_on }: Added): Gid {
  const task = createTask({
    name,
    workspace: ws,
    place,
    ...(parent ? { parent } : { project, section }),
    ...(subtype ? { resource_subtype: subtype } : {}),
    ...(due_on ? { due_on } : {}),
  });
  void mutate(task, { isQuiet: true }).catch(() => undefined);
  return task.gid;
}

/** Moves tasks to a place in a section of a project, keeping their order. */
export function moveTasks(project: Gid, gids: readonly Gid[], section: Gid, place: Place): void {
  let next = place;
  const moves = gids.map((gid) => {
    const from =
      store.get('task', gid)?.memberships?.find((item) => item.project?.gid === project)?.section?.gid ?? null;
    const move = moveTask(gid, project, from, section, next);
    next = { after: gid };
    return move;
  });
  const name = store.get('section', section)?.name ?? '';
  void mutateAll(moves, t`Moved to ${name}`, { isQuiet: gids.length === 1 }).catch(() => undefined);
}
