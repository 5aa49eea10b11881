import { useLingui } from '@lingui/react/macro';
import { ChevronDown, ChevronRight, GripVertical, ListTree, ThumbsUp } from 'lucide-react';
import { type MouseEvent, memo, useRef } from 'react';
import { mutate } from '~/mutations/mutate.ts';
import { setCompleted } from '~/mutations/tasks.ts';
import { store } from '~/store/entity-store.ts';
import { useEntity } from '~/store/hooks.ts';
import { CompleteButton } from '~/ui/CompleteButton.tsx';
import type { Column } from './columns.tsx';
import { type GridController, useGridPart } from './controller.ts';
import { useRowDrag } from './drag.ts';
import type { GridEvents } from './events.ts';
import styles from './grid.module.css';
import { NameEditor } from './NameEditor.tsx';

interface TaskRowProps {
  gid: string;
  index: number;
  level: number;
  top: number;
  grid: GridController;
  columns: readonly Column[];
  events: GridEvents;
  isOpen: boolean;
  isExpanded: boolean;
  canDrag: boolean;
  isReadOnly: boolean;
}

export function rowId(key: string): string {
  return `row-${key.replace(/[^\w-]/g, '_')}`;
}

/** One task. Everything it shows comes from its record; what is active, selected or edited from the grid's controller. */
export const TaskRow = memo(function TaskRow({
  gid,
  index,
  level,
  top,
  grid,
  columns,
  events,
  isOpen,
  isExpanded,
  canDrag,
  isReadOnly,
}: TaskRowProps) {
  const { t } = useLingui();
  const task = useEntity('task', gid);
  const element = useRef<HTMLDivElement>(null);
  const isActive = useGridPart(grid.active, (active) => active === gid);
  const isSelected = useGridPart(grid.selected, (selected) => selected.has(gid));
  const isSelecting = useGridPart(grid.selected, (selected) => selected.size > 0);
  // A new task gets its gid while its name is being written: the editor stays the same one.
  const edited = useGridPart(grid.editing, (editing) =>
    editing?.column === 'name' && store.resolve(editing.gid) === store.resolve(gid) ? editing.gid : null,
  );
  const isEditing = edited !== null;
  const edge = useRowDrag(element, gid, grid, events, canDrag);
  if (!task) {
    return (
      <div role="row" aria-rowindex={index + 2} className={styles['row']} style={{ transform: `translateY(${top}px)` }}>
        <div role="gridcell" className={styles['nameCell']}>
          <span className={styles['bone']} />
        </div>
      </div>
    );
  }
  const name = task.name || t`Unnamed task`;
  const done = task.completed ?? false;
  const subtasks = task.num_subtasks ?? 0;

  const onClick = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      grid.active.set(gid);
      grid.toggle(gid);
    } else if (event.shiftKey) {
      event.preventDefault();
      grid.active.set(gid);
      grid.selectTo(gid);
    } else {
      grid.activate(gid);
      if (!(event.target as Element).closest('button, input, [data-cell]')) events.open(gid);
    }
  };
  return (
    <div
      ref={element}
      role="row"
      id={rowId(gid)}
      aria-rowindex={index + 2}
      aria-level={level + 1}
      aria-selected={isSelected}
      aria-expanded={subtasks > 0 ? isExpanded : undefined}
      className={styles['row']}
      data-active={isActive || undefined}
      data-open={isOpen || undefined}
      data-done={done || undefined}
      data-edge={edge ?? undefined}
      style={{ transform: `translateY(${top}px)`, '--level': level } as never}
      onClick={onClick}
    >
      <div role="gridcell" className={styles['nameCell']}>
        {canDrag && (
          <span className={styles['grip']} aria-hidden="true">
            <GripVertical />
          </span>
        )}
        {subtasks > 0 ? (
          <button
            type="button"
            tabIndex={-1}
            className={styles['twist']}
            aria-label={isExpanded ? t`Hide subtasks of ${name}` : t`Show subtasks of ${name}`}
            onClick={() => events.expand(gid, !isExpanded)}
          >
            {isExpanded ? <ChevronDown /> : <ChevronRight />}
          </button>
        ) : (
          <span className={styles['twistGap']} />
        )}
        {isSelecting ? (
          <span className={styles['select']}>
            <input
              type="checkbox"
              tabIndex={-1}
              checked={isSelected}
              aria-label={t`Select ${name}`}
              onClick={(event) => event.stopPropagation()}
              onChange={() => grid.toggle(gid)}
            />
          </span>
        ) : (
          <CompleteButton
            name={name}
            checked={done}
            kind={task.resource_subtype}
            tabIndex={-1}
            isReadOnly={isReadOnly}
            onToggle={() => void mutate(setCompleted(gid, !done)).catch(() => undefined)}
          />
        )}
        {isEditing ? (
          <NameEditor key={edited} gid={gid} grid={grid} events={events} />
        ) : (
          <span
            className={styles['name']}
            data-cell={isReadOnly ? undefined : ''}
            onDoubleClick={() => events.open(gid)}
            onClick={(event) => {
              if (
                !isReadOnly &&
                !event.ctrlKey &&
                !event.metaKey &&
                !event.shiftKey &&
                matchMedia('(hover: hover)').matches
              )
                grid.edit(gid, 'name');
              else if (isReadOnly || !matchMedia('(hover: hover)').matches) events.open(gid);
            }}
          >
            {name}
          </span>
        )}
        <span className={styles['hints']}>
          {subtasks > 0 && (
            <span>
              <ListTree aria-hidden="true" />
              <span className="sr">{t`Subtasks:`} </span>
              {subtasks}
            </span>
          )}
          {(task.num_likes ?? 0) > 0 && (
            <span>
              <ThumbsUp aria-hidden="true" />
              <span className="sr">{t`Likes:`} </span>
              {task.num_likes}
            </span>
          )}
        </span>
        <span className={styles['quick']}>
          <button type="button" tabIndex={-1} aria-label={t`Open ${name}`} onClick={() => events.open(gid)}>
            <ChevronRight />
          </button>
        </span>
      </div>
      {columns.map((column) => {
        const isEditable = column.editor && !isReadOnly;
        return (
          <div
            key={column.id}
            role="gridcell"
            className={column.isEnd ? `${styles['cell']} ${styles['end']}` : styles['cell']}
            data-column={column.id}
            data-cell={isEditable ? '' : undefined}
            onClick={
              isEditable
                ? (event) =>
                    !event.shiftKey &&
                    !event.ctrlKey &&
                    !event.metaKey &&
                    grid.edit(gid, column.id, event.currentTarget)
                : undefined
            }
          >
            {column.cell(task)}
          </div>
        );
      })}
    </div>
  );
});
