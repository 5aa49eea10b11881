import { useLingui } from '@lingui/react/macro';
import { ChevronDown, Ellipsis, Plus } from 'lucide-react';
import { memo, type ReactNode, useEffect, useRef, useState } from 'react';
import { useEntity } from '~/store/hooks.ts';
import { IconButton } from '~/ui/Button.tsx';
import { Menu, type MenuEntry } from '~/ui/Menu.tsx';
import { Dot } from '~/ui/Pill.tsx';
import { type GridController, useGridPart } from './controller.ts';
import { useGroupDrop } from './drag.ts';
import type { GridEvents } from './events.ts';
import styles from './grid.module.css';
import type { GridRow } from './rows.ts';
import { rowId } from './TaskRow.tsx';

interface SectionRowProps {
  row: Extract<GridRow, { kind: 'group' }>;
  index: number;
  top: number;
  grid: GridController;
  events: GridEvents;
  /** At the end: sums. */
  summary?: ReactNode;
  /** Renames the section; absent where it cannot be. */
  onRename?: ((name: string) => void) | undefined;
  menu?: readonly MenuEntry[] | undefined;
}

/** The head of a section or group. */
export const SectionRow = memo(function SectionRow({
  row,
  index,
  top,
  grid,
  events,
  summary,
  onRename,
  menu,
}: SectionRowProps) {
  const { t } = useLingui();
  const element = useRef<HTMLDivElement>(null);
  const isActive = useGridPart(grid.active, (active) => active === row.key);
  const isEditing = useGridPart(grid.editing, (editing) => editing?.gid === row.key);
  const section = useEntity('section', row.group.section);
  const name = section?.name ?? row.group.name;
  const isOver = useGroupDrop(element, row.group.id, (gids) => events.moveTo(gids, row.group.id, 'start'));
  return (
    <div
      ref={element}
      role="row"
      id={rowId(row.key)}
      aria-rowindex={index + 2}
      aria-level={1}
      aria-expanded={!row.isCollapsed}
      className={styles['section']}
      data-active={isActive || undefined}
      data-over={isOver || undefined}
      style={{ transform: `translateY(${top}px)` }}
    >
      <div role="gridcell" className={styles['sectionCell']}>
        <button
          type="button"
          tabIndex={-1}
          className={styles['twist']}
          data-collapsed={row.isCollapsed || undefined}
          aria-label={row.isCollapsed ? t`Expand ${name}` : t`Collapse ${name}`}
          onClick={() => events.collapse(row.group.id, !row.isCollapsed)}
        >
          <ChevronDown />
        </button>
        {row.group.color && <Dot color={row.group.color} />}
        {isEditing && onRename ? (
          <SectionName
            name={name}
            onDone={(next) => {
              grid.stopEditing();
              if (next && next !== name) onRename(next);
            }}
          />
        ) : (
          <h2
            className={styles['sectionName']}
            onDoubleClick={() => onRename && grid.editing.set({ gid: row.key, column: 'name', anchor: null })}
          >
            {name}
          </h2>
        )}
        <span className={styles['count']}>{row.count}</span>
        {summary}
        {menu && (
          <span className={styles['sectionTools']}>
            <IconButton
              isPlain
              tabIndex={-1}
              size="sm"
              label={t`Add task to ${name}`}
              icon={<Plus />}
              onClick={() => addFirst(row, grid, events)}
            />
            <Menu
              trigger={
                <IconButton isPlain tabIndex={-1} size="sm" label={t`Actions for ${name}`} icon={<Ellipsis />} />
              }
              entries={menu}
            />
          </span>
        )}
      </div>
    </div>
  );
});

function addFirst(row: Extract<GridRow, { kind: 'group' }>, grid: GridController, events: GridEvents): void {
  if (row.isCollapsed) events.collapse(row.group.id, false);
  const made = events.add(row.group.id, '', 'start');
  if (made) setTimeout(() => grid.edit(made, 'name'), 0);
}

/** The name of a section in its place. Null: given up. */
export function SectionName({ name, onDone }: { name: string; onDone: (name: string | null) => void }) {
  const { t } = useLingui();
  const [text, setText] = useState(name);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.select(), []);
  return (
    <input
      ref={input}
      className={styles['nameEdit']}
      aria-label={t`Section name`}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={() => onDone(text.trim())}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === 'Enter') onDone(text.trim());
        if (event.key === 'Escape') onDone(null);
      }}
    />
  );
}
