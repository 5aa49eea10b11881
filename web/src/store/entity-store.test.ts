import { beforeEach, describe, expect, test, vi } from 'vitest';
import { EntityStore } from './entity-store.ts';
import { ingest, ingestList } from './ingest.ts';
import { placed } from './orders.ts';

let store: EntityStore;
beforeEach(() => {
  store = new EntityStore();
  store.merge('1', { name: 'Press kit', completed: false });
});

const name = (gid = '1') => store.get('task', gid)?.name;

describe('records', () => {
  test('partial records merge', () => {
    store.merge('1', { due_on: '2026-10-20' });
    expect(store.get('task', '1')).toMatchObject({ gid: '1', name: 'Press kit', due_on: '2026-10-20' });
  });

  test('nothing is known of what was never seen', () => {
    expect(store.get('task', '9')).toBeUndefined();
    store.subscribe('9', () => undefined);
    expect(store.get('task', '9')).toBeUndefined();
  });

  test('an answer to an older question does not overwrite what a newer one told', () => {
    const before = store.now();
    store.merge('1', { name: 'From the stream' });
    store.merge('1', { name: 'Old answer', notes: 'new field' }, before);
    expect(name()).toBe('From the stream');
    expect(store.get('task', '1')?.notes).toBe('new field');
  });

  test('listeners are told once for each batch, and not when nothing changed', () => {
    const listener = vi.fn();
    store.subscribe('1', listener);
    store.batch(() => {
      store.merge('1', { name: 'A' });
      store.merge('1', { name: 'B' });
    });
    expect(listener).toHaveBeenCalledTimes(1);
    store.merge('1', { name: 'B', completed: false });
    expect(listener).toHaveBeenCalledTimes(1);
  });

  test('deleted records are gone and come back', () => {
    store.setDeleted('1', true);
    expect(name()).toBeUndefined();
    store.setDeleted('1', false);
    expect(name()).toBe('Press kit');
  });
});

describe('overlays', () => {
  test('are seen at once, and rolled back', () => {
    const overlay = store.optimistic('1', { name: 'Mine' });
    expect(name()).toBe('Mine');
    overlay.rollback();
    expect(name()).toBe('Press kit');
  });

  test('stay above what arrives meanwhile', () => {
    const overlay = store.optimistic('1', { name: 'Mine' });
    store.merge('1', { name: 'Theirs', completed: true });
    expect(store.get('task', '1')).toMatchObject({ name: 'Mine', completed: true });
    overlay.rollback();
    expect(name()).toBe('Theirs');
  });

  test('two of them end in any order', () => {
    const first = store.optimistic('1', { name: 'First' });
    const second = store.optimistic('1', { name: 'Second' });
    first.commit({ name: 'First' });
    expect(name()).toBe('Second');
    second.rollback();
    expect(name()).toBe('First');
  });

  test('a question asked before a commit does not bring the old value back', () => {
    const overlay = store.optimistic('1', { name: 'Mine' });
    const asked = store.now();
    overlay.commit();
    store.merge('1', { name: 'Press kit' }, asked);
    expect(name()).toBe('Mine');
  });

  test('are closed once', () => {
    const overlay = store.optimistic('1', { name: 'Mine' });
    overlay.commit();
    overlay.rollback();
    expect(name()).toBe('Mine');
  });

  test('functions apply to what is below them now', () => {
    store.merge('order:s', { items: ['a', 'b', 'c'] });
    const move = store.optimistic('order:s', (below) => ({ items: placed(below['items'] as string[], 'c', 'start') }));
    store.merge('order:s', { items: ['a', 'new', 'b', 'c'] });
    expect(store.get('order', 'order:s')?.items).toEqual(['c', 'a', 'new', 'b']);
    move.rollback();
    expect(store.get('order', 'order:s')?.items).toEqual(['a', 'new', 'b', 'c']);
  });
});

describe('creations', () => {
  test('are renamed everywhere when the server has answered', () => {
    const overlay = store.optimistic('tmp-1', { name: 'New' });
    const place = store.optimistic('order:s', () => ({ items: ['a', store.resolve('tmp-1')] }));
    store.rename('tmp-1', '77');
    overlay.commit();
    place.commit();
    expect(name('77')).toBe('New');
    expect(name('tmp-1')).toBe('New');
    expect(store.get('order', 'order:s')?.items).toEqual(['a', '77']);
  });

  test('keep what the stream told before the answer', () => {
    store.optimistic('tmp-1', { name: 'New' }).commit();
    store.merge('77', { name: 'New', modified_at: 'now' });
    store.rename('tmp-1', '77');
    expect(store.get('task', '77')).toMatchObject({ gid: '77', name: 'New', modified_at: 'now' });
  });
});

describe('ingest', () => {
  test('splits nested objects into records', () => {
    const gids = ingestList(
      store,
      [
        {
          gid: '2',
          name: 'Task',
          assignee: { gid: '5', name: 'Ada' },
          memberships: [{ project: { gid: '6', name: 'Launch' }, section: { gid: '7', name: 'Build' } }],
        },
      ],
      store.now(),
    );
    expect(gids).toEqual(['2']);
    expect(store.get('user', '5')?.name).toBe('Ada');
    expect(store.get('section', '7')?.name).toBe('Build');
  });

  test('does not take the value of a field for its definition', () => {
    store.merge('8', { name: 'Stage', description: 'kept' });
    ingest(
      store,
      {
        gid: '2',
        custom_fields: [{ gid: '8', name: 'Stage', display_value: 'Done', enum_value: { gid: '9', name: 'Done' } }],
      },
      store.now(),
    );
    expect(store.get('custom_field', '8')).not.toHaveProperty('display_value');
    expect(store.get('task', '9')?.name).toBe('Done');
  });
});

test.each([
  ['start', ['c', 'a', 'b']],
  ['end', ['a', 'b', 'c']],
  [{ before: 'b' }, ['a', 'c', 'b']],
  [{ after: 'a' }, ['a', 'c', 'b']],
  [{ after: 'gone' }, ['a', 'b', 'c']],
] as const)('a list with c at %j', (place, expected) => {
  expect(placed(['a', 'b', 'c'], 'c', place)).toEqual(expected);
});
