import { useLingui } from '@lingui/react/macro';
import { Plus } from 'lucide-react';
import { memo, useEffect, useRef, useState } from 'react';
import { type GridController, useGridPart } from './controller.ts';
import type { GridEvents } from './events.ts';
import styles from './grid.module.css';
import { linesOf } from './NameEditor.tsx';
import type { GridRow } from './rows.ts';
import { rowId } from './TaskRow.tsx';

interface AddRowProps {
  row: Extract<GridRow, { kind: 'add' }>;
  index: number;
  top: number;
  grid: GridController;
  events: GridEvents;
}

/** The line at the end of a section: typing in it makes tasks, one after the other. */
export const AddRow = memo(function AddRow({ row, index, top, grid, events }: AddRowProps) {
  const { t } = useLingui();
  const isActive = useGridPart(grid.active, (active) => active === row.key);
  const isEditing = useGridPart(grid.editing, (editing) => editing?.gid === row.key);
  const [text, setText] = useState('');
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (isEditing) input.current?.focus({ preventScroll: true });
  }, [isEditing]);
  const add = (name: string) => events.add(row.group, name, 'end', row.parent);
  return (
    <div
      role="row"
      id={rowId(row.key)}
      aria-rowindex={index + 2}
      aria-level={row.level + 1}
      className={`${styles['row']} ${styles['add']}`}
      data-active={isActive || undefined}
      style={{ transform: `translateY(${top}px)`, '--level': row.level } as never}
    >
      <div role="gridcell" className={styles['nameCell']}>
        <span className={styles['twistGap']} />
        {isEditing ? (
          <input
            ref={input}
            className={styles['nameEdit']}
            aria-label={t`New task`}
            placeholder={t`Write a task name`}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onPaste={(event) => {
              const lines = linesOf(event.clipboardData.getData('text/plain'));
              if (lines.length < 2 || text) return;
              event.preventDefault();
              for (const line of lines) add(line);
            }}
            onBlur={() => {
              if (text.trim()) add(text.trim());
              setText('');
              if (grid.editing.get()?.gid === row.key) grid.stopEditing();
            }}
            onKeyDown={(event) => {
              event.stopPropagation();
              if (event.key === 'Enter') {
                if (text.trim()) add(text.trim());
                else grid.stopEditing();
                setText('');
              } else if (event.key === 'Escape') {
                setText('');
                grid.stopEditing();
                input.current?.closest<HTMLElement>('[role="treegrid"]')?.focus({ preventScroll: true });
              }
            }}
          />
        ) : (
          <button
            type="button"
            tabIndex={-1}
            className={styles['addButton']}
            onClick={() => grid.editing.set({ gid: row.key, column: 'name', anchor: null })}
          >
            <Plus aria-hidden="true" />
            {row.parent ? t`Add subtask` : t`Add task`}
          </button>
        )}
      </div>
    </div>
  );
});
