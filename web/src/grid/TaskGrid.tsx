import { useLingui } from '@lingui/react/macro';
import { lazy, type ReactNode, Suspense, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { display } from '~/lib/display.ts';
import type { Gid } from '~/lib/id.ts';
import { useObservable } from '~/lib/observable.ts';
import { useMedia } from '~/lib/use-media.ts';
import { mutate, mutateAll } from '~/mutations/mutate.ts';
import type { Mutation } from '~/mutations/queue.ts';
import { store } from '~/store/entity-store.ts';
import { type MenuEntry, PointMenu } from '~/ui/Menu.tsx';
import { AddRow } from './AddRow.tsx';
import { BulkBar } from './BulkBar.tsx';
import type { Column } from './columns.tsx';
import type { Editing, GridController } from './controller.ts';
import { useDragScroll } from './drag.ts';
import type { GridEvents } from './events.ts';
import { GridHead } from './GridHead.tsx';
import styles from './grid.module.css';
import type { GridRow, Group } from './rows.ts';
import { SectionRow } from './SectionRow.tsx';
import { rowId, TaskRow } from './TaskRow.tsx';
import { useGridKeys } from './use-grid-keys.ts';
import { rowAt, topsOf, useRowWindow } from './window.ts';

const ActiveEditor = lazy(() => import('./ActiveEditor.tsx').then((module) => ({ default: module.ActiveEditor })));

/** Pixels of a row in each density, and of a row of two lines on a narrow screen. */
const HEIGHTS = { comfortable: 36, compact: 30, narrow: 64 };
/** Above the head of a section. */
const SECTION_GAP = 12;
const HEAD = 32;
const NAME_WIDTH = 280;

interface TaskGridProps {
  ws: Gid;
  label: string;
  grid: GridController;
  rows: readonly GridRow[];
  groups: readonly Group[];
  columns: readonly Column[];
  events: GridEvents;
  open: Gid | null;
  expanded: ReadonlySet<Gid>;
  /** Rows can be dragged: they stand in an order of their own. */
  canMove: boolean;
  isReadOnly?: boolean;
  sort?: string | undefined;
  onSort?: (sort: string | undefined) => void;
  /** Entries at the end of the head: which columns are shown. */
  headEnd?: ReactNode;
  headMenu?: (column: Column) => readonly MenuEntry[];
  sectionMenu?: ((group: Group) => readonly MenuEntry[]) | undefined;
  onRenameSection?: ((group: Group, name: string) => void) | undefined;
  taskMenu?: (gid: Gid) => readonly MenuEntry[];
  summary?: (group: Group) => ReactNode;
  widths: Readonly<Record<string, number>>;
  onWidth: (column: string, width: number) => void;
}

/** Tasks in rows and columns, however many: only what is near the view is in the document. */
export function TaskGrid(props: TaskGridProps) {
  const { t } = useLingui();
  const { ws, grid, rows, groups, columns, events, open, expanded, canMove, isReadOnly = false, widths } = props;
  const { density } = useObservable(display);
  const isNarrow = useMedia('(max-width: 639px)');
  const rowHeight = isNarrow ? HEIGHTS.narrow : HEIGHTS[density];
  const scroller = useRef<HTMLDivElement>(null);
  const [bulk, setBulk] = useState<{ column: string; anchor: Element | null } | null>(null);
  const [point, setPoint] = useState<{ x: number; y: number } | null>(null);
  const editing = useObservable(grid.editing);
  const active = useObservable(grid.active);
  grid.setRows(rows);

  const tops = useMemo(
    () =>
      topsOf(rows.length, (index) => {
        const kind = rows[index]?.kind;
        if (kind === 'group') return (isNarrow ? 44 : rowHeight) + SECTION_GAP;
        return kind === 'add' && isNarrow ? 48 : rowHeight;
      }),
    [rows, rowHeight, isNarrow],
  );
  const { start, end, pool } = useRowWindow(scroller, tops, rowHeight);
  const edit = (column: string, anchor: Element | null) => {
    if (grid.selected.get().size > 0) setBulk({ column, anchor });
    else if (grid.activeTask) grid.edit(grid.activeTask, column, anchor);
  };
  useGridKeys({ element: scroller, grid, events, groups, canMove, isReadOnly, edit });

  // The active row is always where it can be seen.
  useLayoutEffect(() => {
    const node = scroller.current;
    const index = grid.indexOf(active);
    if (!node || index < 0) return;
    const head = isNarrow ? 0 : HEAD;
    const [top, bottom] = [tops[index] ?? 0, tops[index + 1] ?? 0];
    if (top < node.scrollTop) node.scrollTop = top;
    else if (bottom + head > node.scrollTop + node.clientHeight) node.scrollTop = bottom + head - node.clientHeight + 8;
  }, [active, grid, tops, isNarrow]);

  useDragScroll(scroller);

  const template = `minmax(${widths['name'] ?? NAME_WIDTH}px, 1fr) ${columns.map((column) => `${widths[column.id] ?? column.width}px`).join(' ')} 40px`;
  const activeIndex = grid.indexOf(active);
  const editingIndex = editing ? grid.indexOf(store.resolve(editing.gid)) : -1;
  const shown: number[] = [];
  for (let index = start; index < end; index += 1) shown.push(index);
  // What is active or edited stays in the document when it is scrolled away.
  for (const index of new Set([activeIndex, editingIndex]))
    if (index >= 0 && (index < start || index >= end)) shown.push(index);

  const stop = () => {
    grid.stopEditing();
    setBulk(null);
    scroller.current?.focus({ preventScroll: true });
  };
  const apply = (make: (gid: Gid) => Mutation) => {
    const targets = grid.targets();
    const list = (bulk ? targets : editing ? [editing.gid] : []).map(make);
    const [first] = list;
    if (!first) return;
    if (list.length === 1) void mutate(first, { isQuiet: true }).catch(() => undefined);
    else void mutateAll(list, t`${list.length} tasks changed`).catch(() => undefined);
  };
  const current: Pick<Editing, 'column' | 'anchor'> | null =
    bulk ?? (editing && editing.column !== 'name' ? editing : null);
  const subject = bulk ? undefined : store.get('task', editing?.gid);
  const column = columns.find((item) => item.id === current?.column);
  const editor =
    column?.editor ?? ({ assignee: 'assignee', due_on: 'dates', tags: 'tags' } as const)[current?.column ?? ''];
  const common = { ws, task: subject, anchor: current?.anchor ?? null, apply, onClose: stop };

  const menuRow = grid.rows[activeIndex];
  const menuEntries =
    menuRow?.kind === 'task'
      ? (props.taskMenu?.(menuRow.gid) ?? [])
      : menuRow?.kind === 'group'
        ? (props.sectionMenu?.(menuRow.group) ?? [])
        : [];
  const line = (index: number) => {
    const row = rows[index];
    if (!row) return null;
    const top = (tops[index] ?? 0) + (isNarrow ? 0 : HEAD);
    // Slots outside the window keep a key of their own.
    const key = index >= start && index < end ? index % pool : `far-${row.key}`;
    if (row.kind === 'task') {
      return (
        <TaskRow
          key={key}
          gid={row.gid}
          index={index}
          level={row.level}
          top={top}
          grid={grid}
          columns={columns}
          events={events}
          isOpen={open === row.gid}
          isExpanded={expanded.has(row.gid)}
          canDrag={canMove && row.level === 0 && !isReadOnly}
          isReadOnly={isReadOnly}
        />
      );
    }
    if (row.kind === 'add') return <AddRow key={key} row={row} index={index} top={top} grid={grid} events={events} />;
    const rename = props.onRenameSection;
    return (
      <SectionRow
        key={key}
        row={row}
        index={index}
        top={top}
        grid={grid}
        events={events}
        summary={props.summary?.(row.group)}
        onRename={rename && row.group.section ? (name) => rename(row.group, name) : undefined}
        menu={props.sectionMenu?.(row.group)}
      />
    );
  };
  return (
    <>
      <div
        ref={scroller}
        role="treegrid"
        aria-label={props.label}
        aria-rowcount={rows.length + 1}
        aria-multiselectable="true"
        aria-activedescendant={activeIndex >= 0 ? rowId(active ?? '') : undefined}
        tabIndex={0}
        className={styles['scroll']}
        style={{ '--columns': template, '--grid-row': `${rowHeight}px` } as never}
        onFocus={(event) => {
          if (event.target === event.currentTarget && grid.indexOf(grid.active.get()) < 0) {
            const node = event.currentTarget;
            grid.activate(rows[Math.max(0, rowAt(tops, node.scrollTop))]?.key ?? null);
          }
        }}
        onContextMenu={(event) => {
          const id = (event.target as Element).closest('[role="row"]')?.id;
          const row = rows.find((item) => rowId(item.key) === id);
          if (row) grid.active.set(row.key);
          if (!row || (event.target as Element).closest('input, [role="columnheader"]')) return;
          event.preventDefault();
          setPoint({ x: event.clientX, y: event.clientY });
        }}
      >
        <div className={styles['body']} role="presentation" style={{ blockSize: (tops[rows.length] ?? 0) + HEAD + 96 }}>
          {!isNarrow && (
            <GridHead
              columns={columns}
              sort={props.sort}
              onSort={props.onSort}
              end={props.headEnd}
              menu={props.headMenu}
              widths={widths}
              onWidth={props.onWidth}
            />
          )}
          {shown.map(line)}
        </div>
      </div>
      {point && menuEntries.length > 0 && (
        <PointMenu
          {...point}
          entries={menuEntries}
          onClose={() => {
            setPoint(null);
            scroller.current?.focus({ preventScroll: true });
          }}
        />
      )}
      <BulkBar grid={grid} events={events} groups={groups} edit={(name, anchor) => setBulk({ column: name, anchor })} />
      {current && editor && (
        <Suspense fallback={null}>
          <ActiveEditor {...common} kind={editor} field={column?.field} />
        </Suspense>
      )}
    </>
  );
}
