import { CalendarDate } from '@internationalized/date';
import { beforeEach, describe, expect, test } from 'vitest';
import { store } from '~/store/entity-store.ts';
import { setOrder } from '~/store/orders.ts';
import type { Task } from '~/store/records.ts';
import { GridController } from './controller.ts';
import { comparer, dueMatches, filterText, matcher, parseFilter } from './filter.ts';
import { linesOf } from './NameEditor.tsx';
import { buildRows, type Group } from './rows.ts';
import { rowAt, topsOf } from './window.ts';

const task = (gid: string, more: Partial<Task> = {}) => ({ gid, name: gid, ...more }) as Task;

describe('the window', () => {
  test('finds rows of different heights', () => {
    const tops = topsOf(4, (index) => (index === 0 ? 48 : 36));
    expect([...tops]).toEqual([0, 48, 84, 120, 156]);
    expect([0, 47, 48, 100, 5000].map((y) => rowAt(tops, y))).toEqual([0, 0, 1, 2, 3]);
  });
});

describe('rows', () => {
  const group = (id: string, gids: string[]): Group => ({ id, name: id, section: id, gids });
  const none = new Set<string>();
  beforeEach(() => {
    store.clear();
    for (const gid of ['a', 'b', 'c', 'd']) store.merge(gid, { name: gid });
  });

  test('groups, tasks, a line to add', () => {
    const rows = buildRows({ groups: [group('s', ['a', 'b'])], collapsed: none, expanded: none, canAdd: true });
    expect(rows.map((row) => row.key)).toEqual(['group:s', 'a', 'b', 'add:s']);
  });

  test('collapsed groups, expanded tasks, deleted tasks', () => {
    setOrder('subtasks:a', ['c', 'd']);
    store.setDeleted('d', true);
    const rows = buildRows({
      groups: [group('s', ['a']), group('t', ['b'])],
      collapsed: new Set(['t']),
      expanded: new Set(['a']),
      canAdd: false,
    });
    expect(rows.map((row) => (row.kind === 'task' ? `${row.key}${row.level}` : row.key))).toEqual([
      'group:s',
      'a0',
      'c1',
      'group:t',
    ]);
    store.setDeleted('d', false);
  });

  test('a filter hides groups without a match', () => {
    const rows = buildRows({
      groups: [group('s', ['a']), group('t', ['b'])],
      collapsed: none,
      expanded: none,
      canAdd: true,
      match: (item) => item.name === 'b',
    });
    expect(rows.map((row) => row.key)).toEqual(['group:t', 'b']);
  });
});

describe('the controller', () => {
  test('moves, extends, selects', () => {
    const grid = new GridController();
    grid.setRows(
      buildRows({
        groups: [{ id: 's', name: '', section: 's', gids: ['a', 'b', 'c'] }],
        collapsed: new Set(),
        expanded: new Set(),
        canAdd: false,
      }),
    );
    grid.activate('a');
    grid.move(1);
    expect(grid.activeTask).toBe('b');
    grid.move(1, true);
    expect([...grid.selected.get()]).toEqual(['b', 'c']);
    grid.toggle('b');
    expect(grid.targets()).toEqual(['c']);
    grid.clear();
    expect(grid.targets()).toEqual(['c']);
    grid.selectAll();
    expect(grid.targets()).toEqual(['a', 'b', 'c']);
  });
});

describe('filters', () => {
  const now = new CalendarDate(2026, 10, 14);

  test('stand in the address', () => {
    const conditions = parseFilter('assignee:me,due:late,field.5:7,nonsense');
    expect(conditions).toHaveLength(3);
    expect(filterText(conditions)).toBe('assignee:me,due:late,field.5:7');
    expect(filterText([])).toBeUndefined();
  });

  test('alternatives of one subject, all subjects together', () => {
    const match = matcher(parseFilter('assignee:me,assignee:none,type:milestone'), '1')!;
    expect(match(task('a', { assignee: { gid: '1' } as never, resource_subtype: 'milestone' }))).toBe(true);
    expect(match(task('a', { assignee: null, resource_subtype: 'milestone' }))).toBe(true);
    expect(match(task('a', { assignee: { gid: '2' } as never, resource_subtype: 'milestone' }))).toBe(false);
    expect(match(task('a', { assignee: null, resource_subtype: 'default_task' }))).toBe(false);
    expect(matcher([], '1')).toBeNull();
  });

  test.each([
    ['2026-10-13', false, 'late', true],
    ['2026-10-13', true, 'late', false],
    ['2026-10-18', false, 'week', true],
    ['2026-10-19', false, 'week', false],
    ['2026-10-19', false, 'next-week', true],
    ['2026-10-14', false, 'today', true],
  ] as const)('%s %s %s', (text, isDone, value, expected) => {
    const [year, month, day] = text.split('-').map(Number);
    expect(dueMatches(new CalendarDate(year ?? 0, month ?? 0, day ?? 0), isDone, value, now)).toBe(expected);
  });

  test('sorting puts what has no value last, both ways', () => {
    const list = [
      task('a', { due_on: null }),
      task('b', { due_on: '2026-10-02' }),
      task('c', { due_on: '2026-10-01' }),
    ];
    const names = (sort: string) => [...list].sort(comparer(sort)!).map((item) => item.gid);
    expect(names('due_on')).toEqual(['c', 'b', 'a']);
    expect(names('-due_on')).toEqual(['b', 'c', 'a']);
    expect(comparer('nothing known')).toBeNull();
  });
});

test('pasted lines lose their bullets', () => {
  expect(linesOf('- one\n\n* two\r\n3. three\n  four ')).toEqual(['one', 'two', 'three', 'four']);
});
