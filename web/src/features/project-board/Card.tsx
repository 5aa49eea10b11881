import { useLingui } from '@lingui/react/macro';
import { CalendarDays, Ellipsis, ListTree, ThumbsUp } from 'lucide-react';
import { type MouseEvent, memo, useEffect, useRef } from 'react';
import { Due, TagPill } from '~/grid/columns.tsx';
import { type GridController, useGridPart } from '~/grid/controller.ts';
import type { GridEvents } from '~/grid/events.ts';
import { NameEditor } from '~/grid/NameEditor.tsx';
import { rowId } from '~/grid/TaskRow.tsx';
import type { Gid } from '~/lib/id.ts';
import { mutate } from '~/mutations/mutate.ts';
import { setCompleted } from '~/mutations/tasks.ts';
import { useEntity } from '~/store/hooks.ts';
import type { Task } from '~/store/records.ts';
import { Person } from '~/ui/Avatar.tsx';
import { IconButton } from '~/ui/Button.tsx';
import { CompleteButton } from '~/ui/CompleteButton.tsx';
import { Menu, type MenuEntry } from '~/ui/Menu.tsx';
import { Pill } from '~/ui/Pill.tsx';
import styles from './board.module.css';
import { useCardDrag } from './drag.ts';

interface CardProps {
  gid: Gid;
  group: string;
  grid: GridController;
  events: GridEvents;
  isOpen: boolean;
  isFirst: boolean;
  canMove: boolean;
  menu: (gid: Gid) => readonly MenuEntry[];
}

/** A task as a card. A click opens it; everything else has its own place on the card. */
export const Card = memo(function Card({ gid, group, grid, events, isOpen, isFirst, canMove, menu }: CardProps) {
  const { t } = useLingui();
  const task = useEntity('task', gid);
  const element = useRef<HTMLDivElement>(null);
  const isActive = useGridPart(grid.active, (active) => active === gid);
  const isReached = useGridPart(grid.active, (active) => active === gid || (isFirst && grid.indexOf(active) < 0));
  const isSelected = useGridPart(grid.selected, (selected) => selected.has(gid));
  const isEditing = useGridPart(grid.editing, (editing) => editing?.gid === gid && editing.column === 'name');
  const { edge, isDragged } = useCardDrag(element, gid, group, grid, events, canMove);
  // The focus goes with the active card while it is somewhere on the board.
  useEffect(() => {
    const node = element.current;
    if (!isActive || isEditing || !node || node.contains(document.activeElement)) return;
    const at = document.activeElement;
    if (at === document.body || at?.closest('[data-card]')) node.focus({ preventScroll: true });
  }, [isActive, isEditing]);
  if (!task) return <div className={`${styles['card']} ${styles['blank']}`} />;
  const name = task.name || t`Unnamed task`;
  const done = task.completed ?? false;
  const subtasks = task.num_subtasks ?? 0;
  const likes = task.num_likes ?? 0;
  const onClick = (event: MouseEvent) => {
    if ((event.target as Element).closest('button, input, a')) return;
    if (event.ctrlKey || event.metaKey) grid.toggle(gid);
    else if (event.shiftKey) grid.selectTo(gid);
    else {
      grid.clear();
      grid.activate(gid);
      events.open(gid);
    }
  };
  const edit = (column: string) => (event: MouseEvent) => grid.edit(gid, column, event.currentTarget);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Space opens it, by the registry of keys
    <div
      ref={element}
      id={rowId(gid)}
      role="group"
      aria-label={isSelected ? t`${name}, selected` : name}
      tabIndex={isReached ? 0 : -1}
      data-card={gid}
      data-open={isOpen || undefined}
      data-selected={isSelected || undefined}
      data-done={done || undefined}
      data-dragged={isDragged || undefined}
      data-edge={edge ?? undefined}
      className={styles['card']}
      onClick={onClick}
      onFocus={(event) => event.target === event.currentTarget && grid.active.set(gid)}
      onPointerDown={() => grid.active.set(gid)}
    >
      <div className={styles['top']}>
        <CompleteButton
          name={name}
          checked={done}
          kind={task.resource_subtype}
          tabIndex={-1}
          onToggle={() => void mutate(setCompleted(gid, !done)).catch(() => undefined)}
        />
        {isEditing ? <NameEditor key={gid} gid={gid} grid={grid} events={events} /> : <h3>{name}</h3>}
        <span className={styles['more']}>
          <Menu
            align="end"
            trigger={<IconButton isPlain size="sm" tabIndex={-1} label={t`Actions for ${name}`} icon={<Ellipsis />} />}
            entries={isActive ? menu(gid) : []}
          />
        </span>
      </div>
      <Pills task={task} />
      <footer className={styles['foot']}>
        <button
          type="button"
          tabIndex={-1}
          data-column="assignee"
          className={styles['fact']}
          onClick={edit('assignee')}
        >
          <span className="sr">{task.assignee ? t`Assignee:` : t`Assign ${name}`} </span>
          <Person gid={task.assignee?.gid} />
        </button>
        {task.due_on || task.start_on ? (
          <button type="button" tabIndex={-1} data-column="due_on" className={styles['fact']} onClick={edit('due_on')}>
            <Due task={task} />
          </button>
        ) : (
          <button
            type="button"
            tabIndex={-1}
            data-column="due_on"
            data-quiet=""
            className={styles['fact']}
            aria-label={t`Set due date of ${name}`}
            onClick={edit('due_on')}
          >
            <CalendarDays />
          </button>
        )}
        <span className={styles['hints']}>
          {likes > 0 && (
            <span>
              <ThumbsUp aria-hidden="true" />
              <span className="sr">{t`Likes:`} </span>
              {likes}
            </span>
          )}
          {subtasks > 0 && (
            <span>
              <ListTree aria-hidden="true" />
              <span className="sr">{t`Subtasks:`} </span>
              {subtasks}
            </span>
          )}
        </span>
      </footer>
    </div>
  );
});

/** The chosen options of fields, and tags. */
function Pills({ task }: { task: Task }) {
  const options = (task.custom_fields ?? []).flatMap((field) =>
    field.type === 'enum' && field.enum_value
      ? [field.enum_value]
      : field.type === 'multi_enum'
        ? (field.multi_enum_values ?? [])
        : [],
  );
  const tags = task.tags ?? [];
  if (options.length + tags.length === 0) return null;
  return (
    <div className={styles['pills']}>
      {options.map((option) => (
        <Pill key={option.gid} color={option.color}>
          {option.name}
        </Pill>
      ))}
      {tags.map((tag) => (
        <TagPill key={tag.gid} gid={tag.gid} />
      ))}
    </div>
  );
}
