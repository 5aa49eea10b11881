import type { Gid } from '~/lib/id.ts';

/** What the server tells on the change stream. */
export type Frame =
  | { type: 'hello'; seq: number }
  | {
      type: 'change';
      seq: number;
      action: 'added' | 'removed' | 'changed' | 'deleted' | 'undeleted';
      resource_type: string;
      gid: Gid;
      fields?: readonly string[];
      record?: Record<string, unknown> | null;
      parent?: { gid: Gid; resource_type: string } | null;
      user?: Gid | null;
      request_id?: string | null;
    }
  | { type: 'order'; seq: number; parent: Gid; section?: Gid | null; gid: Gid; after: Gid | null }
  | { type: 'presence'; topic: string; users: readonly Gid[] }
  | { type: 'snapshot'; topic: string; seq: number; rows: readonly Record<string, unknown>[]; done: boolean }
  | { type: 'reset'; topic: string }
  | { type: 'ping' };

const TYPES: ReadonlySet<string> = new Set(['hello', 'change', 'order', 'presence', 'snapshot', 'reset', 'ping']);

/** Reads a frame; what is not understood is skipped, so that a newer server does not break an older page. */
export function parseFrame(text: string): Frame | null {
  try {
    const frame = JSON.parse(text) as { type?: unknown };
    return typeof frame.type === 'string' && TYPES.has(frame.type) ? (frame as Frame) : null;
  } catch {
    return null;
  }
}
