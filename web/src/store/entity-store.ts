import type { Gid } from '~/lib/id.ts';
import type { Entity, Records, RecordType } from './records.ts';

/** A change laid over a record; a function sees what is below it, which is how moves survive other moves. */
export type Patch = Record<string, unknown> | ((below: Entity) => Record<string, unknown>);

/** A change that the server has not confirmed yet. */
export interface Overlay {
  /** The server has it: what it answered, or the change itself, becomes the record. */
  commit: (server?: Record<string, unknown>) => void;
  /** The server refused it. */
  rollback: () => void;
}

interface Cell {
  base: Entity;
  /** What is shown: the base with the overlays. */
  view: Entity | undefined;
  /** When each field was known, on the store's clock. */
  known: Record<string, number>;
  pending: { id: number; patch: Patch }[];
  listeners: Set<() => void> | undefined;
  isDeleted: boolean;
  /** Whether anything but an overlay ever said something about it. */
  isKnown: boolean;
}

/** Whether two JSON values are the same. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((value, index) => same(value, b[index]));
  }
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  );
}

/**
 * Every record that was ever seen, by gid, with one subscription for each record.
 *
 * A record is what the server said last (`base`) with the changes that are still on their way laid over it. Each field remembers
 * when it was known, on a clock that only counts: an answer to an older question never overwrites what a newer one told.
 */
export class EntityStore {
  private cells = new Map<Gid, Cell>();
  private renamed = new Map<Gid, Gid>();
  private clock = 0;
  private nextOverlay = 1;
  private depth = 0;
  private dirty = new Set<Cell>();
  private watchers = new Set<() => void>();
  private version = 0;

  /** The present moment. Take it before asking the server, and give it back with the answer. */
  now(): number {
    this.clock += 1;
    return this.clock;
  }

  /** The real gid of something that was created under a temporary one. */
  resolve(gid: Gid): Gid {
    return this.renamed.get(gid) ?? gid;
  }

  /** What is shown of a record, or undefined when nothing is known or it was deleted. */
  get<T extends RecordType>(_type: T, gid: Gid | null | undefined): Records[T] | undefined {
    const cell = gid ? this.cells.get(this.resolve(gid)) : undefined;
    return cell && !cell.isDeleted ? (cell.view as Records[T] | undefined) : undefined;
  }

  /** Whether the record is known to be gone. */
  isDeleted(gid: Gid): boolean {
    return this.cells.get(this.resolve(gid))?.isDeleted ?? false;
  }

  /** Whether a change of it is still on its way. */
  isPending(gid: Gid): boolean {
    return (this.cells.get(this.resolve(gid))?.pending.length ?? 0) > 0;
  }

  subscribe(gid: Gid, listener: () => void): () => void {
    const cell = this.cell(this.resolve(gid));
    cell.listeners ??= new Set();
    cell.listeners.add(listener);
    return () => cell.listeners?.delete(listener);
  }

  /** Called after every batch in which anything changed, for what is computed from many records. */
  watch(listener: () => void): () => void {
    this.watchers.add(listener);
    return () => this.watchers.delete(listener);
  }

  /** Grows with every batch that changed anything. */
  changes(): number {
    return this.version;
  }

  /** Everything inside is told at once. */
  batch<T>(work: () => T): T {
    this.depth += 1;
    try {
      return work();
    } finally {
      this.depth -= 1;
      if (this.depth === 0) this.flush();
    }
  }

  /** What the server said about some fields of a record, at a moment of this store's clock. */
  merge(gid: Gid, fields: Record<string, unknown>, at: number = this.now()): void {
    this.batch(() => {
      const cell = this.cell(this.resolve(gid));
      let next: Record<string, unknown> | undefined;
      cell.isKnown = true;
      for (const [name, value] of Object.entries(fields)) {
        if (value === undefined || (cell.known[name] ?? 0) > at) continue;
        cell.known[name] = at;
        if (name === 'gid' || same(cell.base[name], value)) continue;
        next ??= { ...cell.base };
        next[name] = value;
      }
      if (next) {
        cell.base = next as Entity;
        this.rebuild(cell);
      } else if (!cell.view) this.rebuild(cell);
    });
  }

  /** Lays a change over a record until the server has confirmed or refused it. */
  optimistic(gid: Gid, patch: Patch): Overlay {
    const id = this.nextOverlay;
    this.nextOverlay += 1;
    const cell = this.cell(this.resolve(gid));
    this.batch(() => {
      cell.pending.push({ id, patch });
      this.rebuild(cell);
    });
    let isOpen = true;
    const close = (then: () => void) => {
      if (!isOpen) return;
      isOpen = false;
      this.batch(() => {
        then();
        cell.pending = cell.pending.filter((other) => other.id !== id);
        this.rebuild(cell);
      });
    };
    return {
      commit: (server) =>
        close(() => {
          const change = server ?? (typeof patch === 'function' ? patch(cell.base) : patch);
          const at = this.now();
          cell.isKnown = true;
          cell.base = { ...cell.base, ...change };
          for (const name of Object.keys(change)) cell.known[name] = at;
        }),
      rollback: () => close(() => undefined),
    };
  }

  /** Marks a record as deleted until it is restored. */
  setDeleted(gid: Gid, isDeleted: boolean): void {
    this.batch(() => {
      const cell = this.cell(this.resolve(gid));
      if (cell.isDeleted === isDeleted) return;
      cell.isDeleted = isDeleted;
      this.dirty.add(cell);
    });
  }

  /** A thing that was created has its real gid now. References in orders are rewritten; who holds the old gid still finds it. */
  rename(temporary: Gid, gid: Gid): void {
    this.batch(() => {
      const cell = this.cell(temporary);
      const already = this.cells.get(gid);
      if (already) {
        // The stream was faster than the answer.
        cell.base = { ...cell.base, ...already.base };
        cell.known = { ...cell.known, ...already.known };
        cell.listeners = new Set([...(cell.listeners ?? []), ...(already.listeners ?? [])]);
      }
      cell.base = { ...cell.base, gid };
      this.renamed.set(temporary, gid);
      this.cells.set(gid, cell);
      this.cells.delete(temporary);
      this.rebuild(cell);
      for (const [key, other] of this.cells) {
        if (!key.startsWith('order:')) continue;
        const items = other.base['items'] as Gid[] | undefined;
        if (items?.includes(temporary)) {
          const rest = items.includes(gid) ? items.filter((item) => item !== temporary) : items;
          other.base = { ...other.base, items: rest.map((item) => (item === temporary ? gid : item)) };
          this.rebuild(other);
        }
      }
    });
  }

  /** Forgets everything: another person signed in. */
  clear(): void {
    this.batch(() => {
      for (const cell of this.cells.values()) {
        cell.base = { gid: cell.base.gid };
        cell.pending = [];
        cell.known = {};
        cell.isKnown = false;
        cell.view = undefined;
        this.dirty.add(cell);
      }
      this.renamed.clear();
    });
  }

  private cell(gid: Gid): Cell {
    let cell = this.cells.get(gid);
    if (!cell) {
      cell = {
        base: { gid },
        view: undefined,
        known: {},
        pending: [],
        listeners: undefined,
        isDeleted: false,
        isKnown: false,
      };
      this.cells.set(gid, cell);
    }
    return cell;
  }

  private rebuild(cell: Cell): void {
    let view = cell.base;
    for (const { patch } of cell.pending) {
      view = { ...view, ...(typeof patch === 'function' ? patch(view) : patch) };
    }
    cell.view = cell.isKnown || cell.pending.length > 0 ? view : undefined;
    this.dirty.add(cell);
  }

  private flush(): void {
    if (this.dirty.size === 0) return;
    const cells = [...this.dirty];
    this.dirty.clear();
    this.version += 1;
    for (const cell of cells) for (const listener of [...(cell.listeners ?? [])]) listener();
    for (const watcher of [...this.watchers]) watcher();
  }
}

/** The store of this tab. */
export const store = new EntityStore();
