import { t } from '@lingui/core/macro';
import { store } from '~/store/entity-store.ts';
import { toast } from '~/ui/toasts.ts';
import { type Mutation, MutationQueue } from './queue.ts';
import { UndoStack } from './undo.ts';

/** The queue of this tab. What the server refuses is taken back and said. */
export const queue = new MutationQueue(store, (mutation, error) => {
  toast({
    kind: 'error',
    text: error.message,
    action: { label: t`Retry`, run: () => void queue.run(mutation) },
  });
});

export const undoStack = new UndoStack((mutation) => queue.run(mutation));

/** Whether the change is announced by a toast with "Undo". */
export interface MutateOptions {
  /** No toast: the change is plain to see. It can be undone all the same. */
  isQuiet?: boolean;
}

/** Does something now, sends it, and remembers how to undo it. */
export function mutate(mutation: Mutation, options: MutateOptions = {}): Promise<unknown> {
  return mutateAll([mutation], mutation.label, options);
}

/** Does several things as one step of undo. */
export function mutateAll(list: readonly Mutation[], label: string, options: MutateOptions = {}): Promise<unknown> {
  const inverse = list.flatMap((mutation) => (mutation.inverse ? [mutation.inverse()] : [])).reverse();
  const results = store.batch(() => list.map((mutation) => queue.run(mutation)));
  undoStack.push(inverse);
  if (!options.isQuiet && inverse.length > 0) {
    toast({ text: label, action: { label: t`Undo`, run: () => void undoStack.undo(inverse) } });
  }
  return Promise.all(results);
}

addEventListener('pagehide', () => queue.releaseAll());
