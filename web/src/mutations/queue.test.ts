import { beforeEach, describe, expect, test, vi } from 'vitest';
import { ApiError } from '~/api/client.ts';
import { EntityStore } from '~/store/entity-store.ts';
import { type Mutation, MutationQueue } from './queue.ts';
import { UndoStack } from './undo.ts';

let store: EntityStore;
let queue: MutationQueue;
const onError = vi.fn();
beforeEach(() => {
  store = new EntityStore();
  store.merge('1', { name: 'Before' });
  queue = new MutationQueue(store, onError, () => Promise.resolve());
});

const name = () => store.get('task', '1')?.name;

function rename(to: string, request: Mutation['request'], more: Partial<Mutation> = {}): Mutation {
  return {
    label: 'Task renamed',
    gids: ['1'],
    optimistic: (records) => [records.optimistic('1', { name: to })],
    request,
    ...more,
  };
}

function open<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

describe('the queue', () => {
  test('shows at once and keeps what the server answered', async () => {
    const result = queue.run(rename('Mine', () => Promise.resolve({ gid: '1', name: 'Mine, as stored' })));
    expect(name()).toBe('Mine');
    expect(queue.pending.get()).toBe(1);
    await result;
    expect(name()).toBe('Mine, as stored');
    expect(queue.pending.get()).toBe(0);
  });

  test('takes back what the server refuses, and says why', async () => {
    await expect(queue.run(rename('Mine', () => Promise.reject(new ApiError(403, 'Forbidden', 'r'))))).rejects.toThrow(
      'Forbidden',
    );
    expect(name()).toBe('Before');
    expect(onError).toHaveBeenCalledOnce();
  });

  test('sends writes to a record one after the other, others at once', async () => {
    const first = open<unknown>();
    const sent: string[] = [];
    const a = queue.run(
      rename('A', () => {
        sent.push('A');
        return first.promise;
      }),
    );
    const b = queue.run(
      rename('B', () => {
        sent.push('B');
        return Promise.resolve({});
      }),
    );
    const other = queue.run({
      ...rename('C', () => {
        sent.push('C');
        return Promise.resolve({});
      }),
      gids: ['2'],
      optimistic: () => [],
    });
    await other;
    expect(sent).toEqual(['A', 'C']);
    first.resolve({});
    await Promise.all([a, b]);
    expect(sent).toEqual(['A', 'C', 'B']);
    expect(name()).toBe('B');
  });

  test('sends only the last of several waiting values', async () => {
    const first = open<unknown>();
    const sent: string[] = [];
    const send = (to: string) =>
      rename(
        to,
        () => {
          sent.push(to);
          return to === 'A' ? first.promise : Promise.resolve({});
        },
        { merges: 'name' },
      );
    const all = ['A', 'B', 'C', 'D'].map((to) => queue.run(send(to)));
    expect(name()).toBe('D');
    first.resolve({});
    await Promise.all(all);
    expect(sent).toEqual(['A', 'D']);
    expect(name()).toBe('D');
  });

  test('repeats with the same key until the server is reached', async () => {
    const keys = new Set<string>();
    let attempts = 0;
    await queue.run(
      rename('Mine', ({ idempotencyKey }) => {
        keys.add(idempotencyKey);
        attempts += 1;
        return attempts < 4
          ? Promise.reject(new ApiError(attempts === 2 ? 429 : 0, 'later', 'r', 1))
          : Promise.resolve({});
      }),
    );
    expect(attempts).toBe(4);
    expect(keys.size).toBe(1);
    expect(name()).toBe('Mine');
  });

  test('gives up on a server that fails again and again', async () => {
    await expect(queue.run(rename('Mine', () => Promise.reject(new ApiError(500, 'Broken', 'r'))))).rejects.toThrow(
      'Broken',
    );
    expect(name()).toBe('Before');
  });
});

test('undo runs the inverse, redo the change again', async () => {
  const ran: string[] = [];
  const change = (to: string, from: string): Mutation => ({
    ...rename(to, () => Promise.resolve({})),
    label: to,
    inverse: () => change(from, to),
  });
  const undo = new UndoStack((mutation) => {
    ran.push(mutation.label);
    return Promise.resolve();
  });
  undo.push([change('old', 'new')]);
  expect(undo.undo()).toBe('old');
  expect(undo.redo()).toBe('new');
  expect(undo.undo()).toBe('old');
  expect(undo.undo()).toBeUndefined();
  expect(ran).toEqual(['old', 'new', 'old']);
});
