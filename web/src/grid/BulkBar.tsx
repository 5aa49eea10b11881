import { Plural, useLingui } from '@lingui/react/macro';
import { ArrowRight, CalendarDays, Check, Trash2, User, X } from 'lucide-react';
import { useState } from 'react';
import type { Gid } from '~/lib/id.ts';
import { mutateAll } from '~/mutations/mutate.ts';
import { deleteTask, setCompleted } from '~/mutations/tasks.ts';
import { store } from '~/store/entity-store.ts';
import { IconButton } from '~/ui/Button.tsx';
import { Menu } from '~/ui/Menu.tsx';
import { type GridController, useGridPart } from './controller.ts';
import type { GridEvents } from './events.ts';
import styles from './grid.module.css';
import type { Group } from './rows.ts';

/** What can be done to all selected tasks. The same actions have keys. */
export function BulkBar({
  grid,
  events,
  groups,
  edit,
}: {
  grid: GridController;
  events: GridEvents;
  groups: readonly Group[];
  edit: (column: string, anchor: Element) => void;
}) {
  const { t } = useLingui();
  const count = useGridPart(grid.selected, (selected) => selected.size);
  const [element, setElement] = useState<HTMLDivElement | null>(null);
  if (count === 0) return null;
  const done = () => grid.clear();
  return (
    <div ref={setElement} className={styles['bulk']} role="toolbar" aria-label={t`Actions for selected tasks`}>
      <strong>
        <Plural value={count} one="# selected" other="# selected" />
      </strong>
      <IconButton label={t`Assign`} keys="A" icon={<User />} onClick={() => element && edit('assignee', element)} />
      <IconButton
        label={t`Set due date`}
        keys="D"
        icon={<CalendarDays />}
        onClick={() => element && edit('due_on', element)}
      />
      {groups.some((group) => group.section) && (
        <Menu
          side="top"
          trigger={<IconButton label={t`Move to section`} icon={<ArrowRight />} isPlain />}
          entries={groups.map((group) => ({
            id: group.id,
            label: store.get('section', group.section)?.name ?? group.name,
            run: () => {
              events.moveTo(grid.targets(), group.id, 'end');
              done();
            },
          }))}
        />
      )}
      <IconButton
        label={t`Complete`}
        keys="Mod+Enter"
        icon={<Check />}
        onClick={() => {
          completeAll(grid.targets(), t`Tasks completed`);
          done();
        }}
      />
      <IconButton
        label={t`Delete`}
        keys="Delete"
        icon={<Trash2 />}
        onClick={() => {
          deleteAll(grid.targets(), t`${count} tasks deleted`);
          done();
        }}
      />
      <span className={styles['bulkLine']} />
      <IconButton label={t`Clear selection`} keys="Escape" icon={<X />} onClick={done} />
    </div>
  );
}

/** Completes all, or reopens them when all are done. */
export function completeAll(gids: readonly Gid[], label: string): void {
  const isDone = gids.every((gid) => store.get('task', gid)?.completed);
  mutateAll(
    gids.map((gid) => setCompleted(gid, !isDone)),
    label,
  ).catch(() => undefined);
}

export function deleteAll(gids: readonly Gid[], label: string): void {
  mutateAll(
    gids.map((gid) => deleteTask(gid)),
    label,
  ).catch(() => undefined);
}
