import { useSyncExternalStore } from 'react';
import type { Gid } from '~/lib/id.ts';
import { Observable } from '~/lib/observable.ts';
import type { GridRow } from './rows.ts';

/** What is being edited. `column` is `name` for the name in place; others open beside their cell. */
export interface Editing {
  gid: Gid;
  column: string;
  anchor: Element | null;
}

const NOBODY: ReadonlySet<Gid> = new Set();

/** The state of one grid that changes with every key: active row, selection, what is edited. Rows subscribe to their part. */
export class GridController {
  rows: readonly GridRow[] = [];
  readonly active = new Observable<string | null>(null);
  readonly selected = new Observable<ReadonlySet<Gid>>(NOBODY);
  readonly editing = new Observable<Editing | null>(null);
  private places = new Map<string, number>();
  private anchor: string | null = null;

  setRows(rows: readonly GridRow[]): void {
    if (rows === this.rows) return;
    this.rows = rows;
    this.places = new Map(rows.map((row, index) => [row.key, index]));
  }

  indexOf(key: string | null): number {
    return key === null ? -1 : (this.places.get(key) ?? -1);
  }

  get activeRow(): GridRow | undefined {
    return this.rows[this.indexOf(this.active.get())];
  }

  /** The task that commands act on. */
  get activeTask(): Gid | null {
    const row = this.activeRow;
    return row?.kind === 'task' ? row.gid : null;
  }

  /** The selected tasks in their order, else the active one. */
  targets(): Gid[] {
    const selected = this.selected.get();
    if (selected.size > 0)
      return this.rows.flatMap((row) => (row.kind === 'task' && selected.has(row.gid) ? [row.gid] : []));
    const gid = this.activeTask;
    return gid ? [gid] : [];
  }

  activate(key: string | null): void {
    this.active.set(key);
    this.anchor = key;
  }

  /** Moves the active row; `extend` selects what lies between. */
  move(step: number, extend = false): void {
    const index = this.indexOf(this.active.get());
    const next = this.rows[Math.max(0, Math.min(this.rows.length - 1, index < 0 ? 0 : index + step))];
    if (!next) return;
    const anchor = this.anchor ?? this.active.get() ?? next.key;
    this.active.set(next.key);
    if (extend) {
      this.anchor = anchor;
      this.selectBetween(anchor, next.key);
    } else this.anchor = next.key;
  }

  toggle(gid: Gid): void {
    const next = new Set(this.selected.get());
    if (!next.delete(gid)) next.add(gid);
    this.selected.set(next);
    this.anchor = gid;
  }

  selectTo(gid: Gid): void {
    this.selectBetween(this.anchor ?? gid, gid);
  }

  selectAll(): void {
    this.selected.set(new Set(this.rows.flatMap((row) => (row.kind === 'task' ? [row.gid] : []))));
  }

  clear(): void {
    this.selected.set(NOBODY);
  }

  edit(gid: Gid, column: string, anchor: Element | null = null): void {
    this.active.set(gid);
    this.editing.set({ gid, column, anchor });
  }

  stopEditing(): void {
    this.editing.set(null);
  }

  private selectBetween(from: string, to: string): void {
    const [a, b] = [this.indexOf(from), this.indexOf(to)].sort((left, right) => left - right);
    const between = this.rows.slice(Math.max(0, a ?? 0), (b ?? 0) + 1);
    this.selected.set(new Set(between.flatMap((row) => (row.kind === 'task' ? [row.gid] : []))));
  }
}

/** A part of a controller's state; the component renders when that part changes. */
export function useGridPart<T, P extends string | boolean | number | null>(
  observable: Observable<T>,
  part: (value: T) => P,
): P {
  return useSyncExternalStore(observable.subscribe, () => part(observable.get()));
}
