import { useEffect } from 'react';
import { queue } from '~/mutations/mutate.ts';
import { store } from '~/store/entity-store.ts';
import { queryClient, refetch } from '~/store/queries.ts';
import type { RecordType } from '~/store/records.ts';
import { applyFrames, type Reactions } from './apply.ts';
import { ChangeStream } from './socket.ts';

const listeners = new Set<Reactions>();

/** The stream of this tab. */
export const stream = new ChangeStream((frames) => {
  applyFrames(store, frames, {
    changed: (frame) => {
      for (const listener of listeners) listener.changed?.(frame);
    },
    reset: (topic) => {
      for (const listener of listeners) listener.reset?.(topic);
      void queryClient.invalidateQueries();
    },
    presence: (topic, users) => {
      for (const listener of listeners) listener.presence?.(topic, users);
    },
    snapshot: (frame) => {
      for (const listener of listeners) listener.snapshot?.(frame);
    },
    stale: (type, gid, fields) => refetch(type as RecordType, gid, fields),
  });
});

/** Listens to what the stream says beyond the records. */
export function onStream(reactions: Reactions): () => void {
  listeners.add(reactions);
  return () => listeners.delete(reactions);
}

/** Follows a topic (`project:123`) while the component is there. */
export function useTopic(topic: string | null, reactions?: Reactions): void {
  useEffect(() => (topic ? stream.subscribe(topic) : undefined), [topic]);
  useEffect(() => (reactions ? onStream(reactions) : undefined), [reactions]);
}

/** Whether a change came from this tab. */
export function isOwn(requestId: string | null | undefined): boolean {
  return !!requestId && queue.own.has(requestId);
}

window.addEventListener('online', () => {
  stream.retry();
  queue.wake();
});
