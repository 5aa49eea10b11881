import { t } from '@lingui/core/macro';
import { daysOf, dueState } from '~/lib/dates.ts';
import type { Gid } from '~/lib/id.ts';
import { compareText } from '~/lib/locale.ts';
import { store } from '~/store/entity-store.ts';
import { fieldOf } from './filter.ts';
import type { Group } from './rows.ts';

/** Tasks by who does them, when they are due, or the value of a field. */
export function groupsBy(by: string, gids: readonly Gid[]): Group[] {
  const found = new Map<string, { name: string; color?: string | null | undefined; gids: Gid[] }>();
  const add = (id: string, name: string, gid: Gid, color?: string | null) => {
    const group = found.get(id) ?? { name, color, gids: [] };
    group.gids.push(gid);
    found.set(id, group);
  };
  for (const gid of gids) {
    const task = store.get('task', gid);
    if (!task) continue;
    if (by === 'assignee') add(task.assignee?.gid ?? '', task.assignee?.name ?? t`Nobody`, gid);
    else if (by === 'due') {
      const { due } = daysOf(task);
      const state = due ? dueState(due) : 'none';
      const names = { late: t`Late`, today: t`Today`, soon: t`Next 7 days`, later: t`Later`, none: t`No date` };
      add(state, names[state], gid);
    } else if (by.startsWith('field.')) {
      const field = fieldOf(task, by.slice('field.'.length));
      const option = field?.enum_value;
      add(
        option?.gid ?? field?.display_value ?? '',
        option?.name ?? field?.display_value ?? t`None`,
        gid,
        option?.color,
      );
    }
  }
  const DUE = ['late', 'today', 'soon', 'later', 'none'];
  const options = by.startsWith('field.')
    ? (store.get('custom_field', by.slice('field.'.length))?.enum_options ?? []).map((option) => option.gid)
    : null;
  const place = (id: string) =>
    id === '' ? Number.MAX_SAFE_INTEGER : by === 'due' ? DUE.indexOf(id) : options ? options.indexOf(id) : 0;
  return [...found]
    .map(([id, group]) => ({ id: `${by}:${id}`, value: id, section: null, ...group }))
    .sort((a, b) => place(a.value) - place(b.value) || compareText(a.name, b.name));
}
