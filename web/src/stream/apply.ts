import type { Gid } from '~/lib/id.ts';
import type { EntityStore } from '~/store/entity-store.ts';
import { ingest } from '~/store/ingest.ts';
import { changeOrder, placed } from '~/store/orders.ts';
import type { Frame } from './frames.ts';

/** What listens to frames beyond the records: lists that must be read again, presence. */
export interface Reactions {
  /** A record of a kind was added, removed or deleted, below a parent perhaps. */
  changed?: (frame: Extract<Frame, { type: 'change' }>) => void;
  reset?: (topic: string) => void;
  presence?: (topic: string, users: readonly Gid[]) => void;
  snapshot?: (frame: Extract<Frame, { type: 'snapshot' }>) => void;
  /** Fields changed and their values did not come along. */
  stale?: (resourceType: string, gid: Gid, fields: readonly string[]) => void;
}

/** Applies what came in one animation frame as one batch. */
export function applyFrames(store: EntityStore, frames: readonly Frame[], reactions: Reactions): void {
  store.batch(() => {
    const at = store.now();
    for (const frame of frames) apply(store, frame, at, reactions);
  });
}

function apply(store: EntityStore, frame: Frame, at: number, reactions: Reactions): void {
  switch (frame.type) {
    case 'change': {
      if (frame.action === 'deleted') store.setDeleted(frame.gid, true);
      if (frame.action === 'undeleted' || frame.action === 'added') store.setDeleted(frame.gid, false);
      if (frame.record) ingest(store, { resource_type: frame.resource_type, ...frame.record, gid: frame.gid }, at);
      else if (frame.action === 'changed') reactions.stale?.(frame.resource_type, frame.gid, frame.fields ?? []);
      reactions.changed?.(frame);
      break;
    }
    case 'order': {
      const key = frame.section ? `section:${frame.section}` : `parent:${frame.parent}`;
      changeOrder(key, (items) => placed(items, frame.gid, frame.after ? { after: frame.after } : 'start'));
      break;
    }
    case 'snapshot':
      ingest(store, frame.rows, at);
      reactions.snapshot?.(frame);
      break;
    case 'presence':
      reactions.presence?.(frame.topic, frame.users);
      break;
    case 'reset':
      reactions.reset?.(frame.topic);
      break;
    default:
      break;
  }
}
