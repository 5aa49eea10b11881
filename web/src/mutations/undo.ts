import { Observable } from '~/lib/observable.ts';
import type { Mutation } from './queue.ts';

/** Changes that can be taken back. One entry may hold several, made together. */
type Entry = readonly Mutation[];

/** How many steps back are kept. */
const DEPTH = 50;

export class UndoStack {
  private past: Entry[] = [];
  private future: Entry[] = [];
  readonly state = new Observable({ canUndo: false, canRedo: false });

  constructor(private run: (mutation: Mutation) => Promise<unknown>) {}

  /** Remembers how to take back what is about to be done. */
  push(inverse: Entry): void {
    if (inverse.length === 0) return;
    this.past = [...this.past.slice(1 - DEPTH), inverse];
    this.future = [];
    this.update();
  }

  undo(entry?: Entry): string | undefined {
    return this.step('past', entry);
  }

  redo(): string | undefined {
    return this.step('future');
  }

  clear(): void {
    this.past = [];
    this.future = [];
    this.update();
  }

  private step(from: 'past' | 'future', entry?: Entry): string | undefined {
    const list = this[from];
    const step = entry ?? list.at(-1);
    if (!step || !list.includes(step)) return undefined;
    this[from] = list.filter((other) => other !== step);
    const back = step.flatMap((mutation) => (mutation.inverse ? [mutation.inverse()] : [])).reverse();
    for (const mutation of step) void this.run(mutation);
    if (back.length > 0) this[from === 'past' ? 'future' : 'past'].push(back);
    this.update();
    return step[0]?.label;
  }

  private update(): void {
    this.state.set({ canUndo: this.past.length > 0, canRedo: this.future.length > 0 });
  }
}
