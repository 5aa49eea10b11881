import { useLingui } from '@lingui/react/macro';
import { lazy, Suspense } from 'react';
import type { Gid } from '~/lib/id.ts';
import { useObservable } from '~/lib/observable.ts';
import { mutate, mutateAll } from '~/mutations/mutate.ts';
import type { Mutation } from '~/mutations/queue.ts';
import { store } from '~/store/entity-store.ts';
import type { GridController } from './controller.ts';

const ActiveEditor = lazy(() => import('./ActiveEditor.tsx').then((module) => ({ default: module.ActiveEditor })));

const KINDS = { assignee: 'assignee', due_on: 'dates', tags: 'tags' } as const;

/** The editor of what is being edited outside the grid: beside a card, or for all that are selected. */
export function TaskEditors({
  ws,
  grid,
  bulk,
  onClose,
}: {
  ws: Gid;
  grid: GridController;
  /** Edits the selected tasks. */
  bulk: { column: string; anchor: Element | null } | null;
  onClose: () => void;
}) {
  const { t } = useLingui();
  const editing = useObservable(grid.editing);
  const current = bulk ?? (editing && editing.column !== 'name' ? editing : null);
  const kind = KINDS[current?.column as keyof typeof KINDS];
  if (!current || !kind) return null;
  const apply = (make: (gid: Gid) => Mutation) => {
    const list = (bulk ? grid.targets() : editing ? [editing.gid] : []).map(make);
    const [first] = list;
    if (!first) return;
    if (list.length === 1) void mutate(first, { isQuiet: true }).catch(() => undefined);
    else void mutateAll(list, t`${list.length} tasks changed`).catch(() => undefined);
  };
  return (
    <Suspense fallback={null}>
      <ActiveEditor
        kind={kind}
        field={undefined}
        ws={ws}
        task={bulk ? undefined : store.get('task', editing?.gid)}
        anchor={current.anchor}
        apply={apply}
        onClose={onClose}
      />
    </Suspense>
  );
}
