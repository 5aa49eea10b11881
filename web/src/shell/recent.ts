import type { Gid } from '~/lib/id.ts';
import { remember, remembered } from '~/lib/storage.ts';

const MOST = 8;

export interface Recent {
  kind: 'task' | 'project';
  gid: Gid;
  name: string;
}

/** Remembers what was opened, for the empty palette. */
export function rememberRecent(kind: Recent['kind'], gid: Gid, name: string): void {
  const list = remembered<Recent[]>('recent', []).filter((item) => item.gid !== gid);
  remember('recent', [{ kind, gid, name }, ...list].slice(0, MOST));
}
