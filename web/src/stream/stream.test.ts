import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { EntityStore } from '~/store/entity-store.ts';
import { applyFrames } from './apply.ts';
import { type Frame, parseFrame } from './frames.ts';
import { ChangeStream } from './socket.ts';

describe('frames', () => {
  test('are read, and what is not understood is skipped', () => {
    expect(parseFrame('{"type":"hello","seq":4}')).toEqual({ type: 'hello', seq: 4 });
    expect(parseFrame('{"type":"from the future"}')).toBeNull();
    expect(parseFrame('not json')).toBeNull();
  });

  test('change records, in one batch', () => {
    const store = new EntityStore();
    store.merge('1', { name: 'Old', completed: false });
    const listener = vi.fn();
    store.subscribe('1', listener);
    const stale = vi.fn();
    applyFrames(
      store,
      [
        {
          type: 'change',
          seq: 1,
          action: 'changed',
          resource_type: 'task',
          gid: '1',
          record: { gid: '1', name: 'New' },
        },
        {
          type: 'change',
          seq: 2,
          action: 'changed',
          resource_type: 'task',
          gid: '1',
          record: { gid: '1', completed: true },
        },
        { type: 'change', seq: 3, action: 'changed', resource_type: 'task', gid: '2', fields: ['name'] },
      ],
      { stale },
    );
    expect(store.get('task', '1')).toMatchObject({ name: 'New', completed: true });
    expect(listener).toHaveBeenCalledOnce();
    expect(stale).toHaveBeenCalledWith('task', '2', ['name']);
  });

  test('delete and undelete', () => {
    const store = new EntityStore();
    store.merge('1', { name: 'Task' });
    const change = (action: 'deleted' | 'undeleted', seq: number): Frame => ({
      type: 'change',
      seq,
      action,
      resource_type: 'task',
      gid: '1',
    });
    applyFrames(store, [change('deleted', 1)], {});
    expect(store.get('task', '1')).toBeUndefined();
    applyFrames(store, [change('undeleted', 2)], {});
    expect(store.get('task', '1')?.name).toBe('Task');
  });
});

describe('the socket', () => {
  class Fake {
    static made: Fake[] = [];
    readyState = 0;
    sent: string[] = [];
    onopen?: () => void;
    onclose?: () => void;
    onmessage?: (event: { data: string }) => void;
    constructor() {
      Fake.made.push(this);
    }
    send(text: string) {
      this.sent.push(text);
    }
    close() {
      this.readyState = 3;
      this.onclose?.();
    }
    accept() {
      this.readyState = 1;
      this.onopen?.();
    }
    say(frame: object) {
      this.onmessage?.({ data: JSON.stringify(frame) });
    }
  }
  beforeEach(() => {
    vi.useFakeTimers();
    Fake.made = [];
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('asks for topics, resumes where it was after a loss', () => {
    const frames: Frame[] = [];
    const stream = new ChangeStream(
      (list) => frames.push(...list),
      () => new Fake() as unknown as WebSocket,
      (work) => work(),
    );
    stream.open();
    const leave = stream.subscribe('project:5');
    const first = Fake.made[0]!;
    first.accept();
    expect(first.sent.map((text) => JSON.parse(text))).toEqual([{ type: 'subscribe', topic: 'project:5' }]);
    first.say({ type: 'hello', seq: 40 });
    first.say({ type: 'change', seq: 41, action: 'deleted', resource_type: 'task', gid: '1' });
    expect(frames).toHaveLength(2);
    first.close();
    expect(stream.connection.get()).toBe('lost');
    vi.advanceTimersByTime(2000);
    const second = Fake.made[1]!;
    second.accept();
    expect(JSON.parse(second.sent[0]!)).toEqual({ type: 'subscribe', topic: 'project:5', since: 41 });
    leave();
    expect(JSON.parse(second.sent.at(-1)!)).toEqual({ type: 'unsubscribe', topic: 'project:5' });
    stream.close();
  });

  test('a server without a stream is left in peace', () => {
    const stream = new ChangeStream(
      () => undefined,
      () => new Fake() as unknown as WebSocket,
      (work) => work(),
    );
    stream.open();
    for (let index = 0; index < 3; index += 1) {
      Fake.made.at(-1)!.close();
      vi.advanceTimersByTime(6000);
    }
    expect(stream.connection.get()).toBe('unavailable');
    stream.close();
  });
});
