import type { Gid } from '~/lib/id.ts';
import { store } from '~/store/entity-store.ts';
import { orderOf } from '~/store/orders.ts';
import type { Task } from '~/store/records.ts';

/** One line of a grid. `key` names it: the gid of a task, `group:…`, `add:…`. */
export type GridRow =
  | { kind: 'group'; key: string; group: Group; count: number; isCollapsed: boolean }
  | { kind: 'task'; key: Gid; gid: Gid; level: number; group: string; parent: Gid | null }
  | { kind: 'add'; key: string; group: string; parent: Gid | null; level: number };

/** What rows stand under: a section, or those who share a value. */
export interface Group {
  id: string;
  name: string;
  /** The section, when the grid is grouped by sections: only then rows can be moved and added. */
  section: Gid | null;
  gids: readonly Gid[];
  color?: string | null | undefined;
}

export interface RowOptions {
  groups: readonly Group[];
  collapsed: ReadonlySet<string>;
  expanded: ReadonlySet<Gid>;
  match?: ((task: Task) => boolean) | null;
  compare?: ((a: Task, b: Task) => number) | null;
  canAdd: boolean;
}

/** Subtasks are shown in place down to this level. */
export const DEEPEST = 5;

/** Lays the groups and their tasks out as lines. */
export function buildRows({ groups, collapsed, expanded, match, compare, canAdd }: RowOptions): GridRow[] {
  const rows: GridRow[] = [];
  const subtasks = (parent: Gid, group: string, level: number) => {
    if (level > DEEPEST || !expanded.has(parent)) return;
    for (const gid of orderOf(`subtasks:${parent}`) ?? []) {
      if (store.isDeleted(gid)) continue;
      rows.push({ kind: 'task', key: gid, gid, level, group, parent });
      subtasks(gid, group, level + 1);
    }
    if (canAdd) rows.push({ kind: 'add', key: `add:${parent}`, group, parent, level });
  };
  for (const group of groups) {
    let gids = group.gids.filter((gid) => !store.isDeleted(gid));
    if (match) gids = gids.filter((gid) => passes(gid, match));
    if (compare) gids = sorted(gids, compare);
    const isCollapsed = collapsed.has(group.id);
    // A filter hides groups without a match.
    if (match && gids.length === 0) continue;
    rows.push({ kind: 'group', key: `group:${group.id}`, group, count: gids.length, isCollapsed });
    if (isCollapsed) continue;
    for (const gid of gids) {
      rows.push({ kind: 'task', key: gid, gid, level: 0, group: group.id, parent: null });
      subtasks(gid, group.id, 1);
    }
    if (canAdd && group.section && !match)
      rows.push({ kind: 'add', key: `add:${group.id}`, group: group.id, parent: null, level: 0 });
  }
  return rows;
}

function passes(gid: Gid, match: (task: Task) => boolean): boolean {
  const task = store.get('task', gid);
  return !!task && match(task);
}

function sorted(gids: readonly Gid[], compare: (a: Task, b: Task) => number): Gid[] {
  const tasks = gids.flatMap((gid) => store.get('task', gid) ?? []);
  return tasks.sort(compare).map((task) => store.resolve(task.gid));
}
