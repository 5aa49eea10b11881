import { autoScrollForElements } from '@atlaskit/pragmatic-drag-and-drop-auto-scroll/element';
import { useLingui } from '@lingui/react/macro';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { ChevronLeft, ChevronRight, Plus } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { me } from '~/api/session.ts';
import { BulkBar } from '~/grid/BulkBar.tsx';
import { GridController } from '~/grid/controller.ts';
import type { GridEvents } from '~/grid/events.ts';
import { comparer, matcher, parseFilter } from '~/grid/filter.ts';
import { type Completed, useProjectTasks } from '~/grid/project-tasks.ts';
import { buildRows, type Group } from '~/grid/rows.ts';
import { TaskEditors } from '~/grid/TaskEditors.tsx';
import { Toolbar } from '~/grid/Toolbar.tsx';
import { addTask, moveTasks } from '~/grid/task-actions.ts';
import { useFields } from '~/grid/use-fields.ts';
import { useRows } from '~/grid/use-rows.ts';
import { useSectionMenu } from '~/grid/use-section-menu.ts';
import { useTaskMenu } from '~/grid/use-task-menu.tsx';
import { useRememberedSet } from '~/lib/use-remembered-set.ts';
import { store } from '~/store/entity-store.ts';
import { orderOf } from '~/store/orders.ts';
import { Button, IconButton } from '~/ui/Button.tsx';
import { PointMenu } from '~/ui/Menu.tsx';
import { EmptyState, ErrorState } from '~/ui/states.tsx';
import type { ViewProps } from '../project/views.ts';
import styles from './board.module.css';
import { Column, Rail } from './Column.tsx';
import { useBoardKeys } from './use-board-keys.ts';

const NOTHING: ReadonlySet<string> = new Set();

/** Where a new card is being written. */
export interface Adding {
  group: string;
  place: 'start' | 'end';
}

/** A project as a board: a column for each section, a card for each task. */
export function BoardView({ ws, project, openTask, open }: ViewProps) {
  const { t } = useLingui();
  const search = useSearch({ strict: false }) as { filter?: string; sort?: string; completed?: string };
  const navigate = useNavigate();
  const [grid] = useState(() => new GridController());
  const [collapsed, setCollapsed] = useRememberedSet(`board.collapsed.${project}`);
  const [adding, setAdding] = useState<Adding | null>(null);
  const [bulk, setBulk] = useState<{ column: string; anchor: Element | null } | null>(null);
  const board = useRef<HTMLDivElement>(null);
  const data = useProjectTasks(project, (search.completed as Completed) ?? 'incomplete');
  const fields = useFields(project);
  const set = useCallback(
    (change: Record<string, string | undefined>) =>
      void navigate({ to: '.', search: (before: object) => ({ ...before, ...change }), replace: true } as never),
    [navigate],
  );
  const conditions = useMemo(() => parseFilter(search.filter), [search.filter]);
  const match = useMemo(() => matcher(conditions, me().user.gid), [conditions]);
  const compare = useMemo(() => comparer(search.sort), [search.sort]);
  const { sections } = data;

  const { rows, groups } = useRows(
    () => {
      const list: Group[] = (sections ?? []).map((gid) => {
        const group: Group = {
          id: gid,
          name: store.get('section', gid)?.name ?? '',
          section: gid,
          gids: orderOf(`section:${gid}`) ?? [],
        };
        const lines = buildRows({
          groups: [group],
          collapsed: NOTHING,
          expanded: NOTHING,
          match,
          compare,
          canAdd: false,
        });
        return { ...group, gids: lines.flatMap((line) => (line.kind === 'task' ? [line.gid] : [])) };
      });
      return {
        groups: list,
        rows: list
          .filter((group) => !collapsed.has(group.id))
          .flatMap((group) =>
            group.gids.map(
              (gid) => ({ kind: 'task', key: gid, gid, level: 0, group: group.id, parent: null }) as const,
            ),
          ),
      };
    },
    () => (sections ?? []).map((gid) => orderOf(`section:${gid}`)),
    !!(match || compare),
    [sections, collapsed, match, compare],
  );
  grid.setRows(rows);
  const groupsRef = useRef(groups);
  groupsRef.current = groups;
  const events = useMemo<GridEvents>(
    () => ({
      open: openTask,
      expand: () => undefined,
      collapse: setCollapsed,
      add: (group, name, place = 'end') => {
        const section = groupsRef.current.find((item) => item.id === group)?.section ?? null;
        return addTask({ ws, project, section, name, place });
      },
      moveTo: (gids, group, place) => {
        const section = groupsRef.current.find((item) => item.id === group)?.section;
        if (section) moveTasks(project, gids, section, place);
      },
    }),
    [openTask, setCollapsed, ws, project],
  );
  const { sectionMenu, addSection } = useSectionMenu({ project, sections, grid, isAcross: true });
  const taskMenu = useTaskMenu({ grid, events, groups });
  // Cards render again only for their own sake, and ask for their menu when it opens.
  const latestMenu = useRef(taskMenu);
  latestMenu.current = taskMenu;
  const cardMenu = useCallback((gid: string) => latestMenu.current(gid), []);
  const [point, setPoint] = useState<{ x: number; y: number; gid: string } | null>(null);
  const edit = (column: string, anchor: Element | null) => {
    if (grid.selected.get().size > 0) setBulk({ column, anchor });
    else if (grid.activeTask) grid.edit(grid.activeTask, column, anchor);
  };
  useBoardKeys({
    element: board,
    grid,
    events,
    groups,
    collapsed,
    canMove: !compare,
    edit,
    add: (group) => setAdding({ group, place: 'start' }),
  });
  const isLoaded = !!sections && !data.isLoading;
  useEffect(
    () => (isLoaded && board.current ? autoScrollForElements({ element: board.current }) : undefined),
    [isLoaded],
  );

  if (data.error) return <ErrorState error={data.error} onRetry={data.refetch} />;
  const count = groups.reduce((sum, group) => sum + group.gids.length, 0);
  const first = groups.find((group) => !collapsed.has(group.id));
  return (
    <>
      <Toolbar
        project={project}
        fields={fields}
        conditions={conditions}
        sort={search.sort}
        canGroup={false}
        completed={search.completed}
        set={set}
        onAddTask={(subtype) => {
          const section = first?.section ?? sections?.[0] ?? null;
          if (!subtype) setAdding(section ? { group: section, place: 'start' } : null);
          else {
            const made = addTask({ ws, project, section, name: '', place: 'start', subtype });
            setTimeout(() => grid.edit(made, 'name'), 0);
          }
        }}
        onAddSection={addSection}
      />
      {!isLoaded ? (
        <LoadingBoard />
      ) : match && count === 0 ? (
        <EmptyState
          title={t`No task matches the filters`}
          action={<Button onClick={() => set({ filter: undefined })}>{t`Clear filters`}</Button>}
        />
      ) : (
        <div
          ref={board}
          className={styles['board']}
          role="region"
          aria-label={t`Board`}
          onContextMenu={(event) => {
            const gid = (event.target as Element).closest<HTMLElement>('[data-card]')?.dataset['card'];
            if (!gid) return;
            event.preventDefault();
            grid.active.set(gid);
            setPoint({ x: event.clientX, y: event.clientY, gid });
          }}
        >
          {groups.map((group) =>
            collapsed.has(group.id) ? (
              <Rail key={group.id} group={group} events={events} />
            ) : (
              <Column
                key={group.id}
                group={group}
                firstCard={rows[0]?.key ?? null}
                grid={grid}
                events={events}
                open={open}
                canMove={!compare}
                isFiltered={!!match}
                adding={adding?.group === group.id ? adding.place : null}
                onAdding={(place) => setAdding(place ? { group: group.id, place } : null)}
                menu={[
                  { id: 'collapse', label: t`Collapse column`, run: () => setCollapsed(group.id, true) },
                  { kind: 'line', id: 'line-0' },
                  ...sectionMenu(group),
                ]}
                taskMenu={cardMenu}
              />
            ),
          )}
          <button type="button" className={styles['addColumn']} onClick={addSection}>
            <Plus aria-hidden="true" />
            {t`Add section`}
          </button>
        </div>
      )}
      {isLoaded && <ColumnNav board={board} count={groups.filter((group) => !collapsed.has(group.id)).length} />}
      {point && <PointMenu x={point.x} y={point.y} entries={taskMenu(point.gid)} onClose={() => setPoint(null)} />}
      <BulkBar grid={grid} events={events} groups={groups} edit={(column, anchor) => setBulk({ column, anchor })} />
      <TaskEditors
        ws={ws}
        grid={grid}
        bulk={bulk}
        onClose={() => {
          const gid = grid.editing.get()?.gid;
          grid.stopEditing();
          setBulk(null);
          if (gid)
            board.current?.querySelector<HTMLElement>('[data-card][tabindex="0"]')?.focus({ preventScroll: true });
        }}
      />
    </>
  );
}

/** On a narrow screen one column is shown: which one, and the way to the next. */
function ColumnNav({ board, count }: { board: React.RefObject<HTMLDivElement | null>; count: number }) {
  const { t } = useLingui();
  const [at, setAt] = useState(0);
  useEffect(() => {
    const node = board.current;
    if (!node) return;
    const onScroll = () => setAt(Math.round(node.scrollLeft / Math.max(1, node.clientWidth - 20)));
    node.addEventListener('scroll', onScroll, { passive: true });
    return () => node.removeEventListener('scroll', onScroll);
  }, [board]);
  const go = (step: number) => board.current?.scrollBy({ left: step * board.current.clientWidth, behavior: 'smooth' });
  return (
    <div className={styles['nav']}>
      <IconButton
        isPlain
        label={t`Previous column`}
        icon={<ChevronLeft />}
        disabled={at === 0}
        onClick={() => go(-1)}
      />
      <span className={styles['pips']} role="img" aria-label={t`Column ${Math.min(at + 1, count)} of ${count}`}>
        {Array.from({ length: count }, (_, index) => (
          <i key={index} data-on={index === at || undefined} />
        ))}
      </span>
      <IconButton
        isPlain
        label={t`Next column`}
        icon={<ChevronRight />}
        disabled={at >= count - 1}
        onClick={() => go(1)}
      />
    </div>
  );
}

/** Grey columns in the place of those that are loading. */
function LoadingBoard() {
  const { t } = useLingui();
  return (
    <div className={styles['board']} role="status" aria-label={t`Loading`}>
      {[4, 3, 2].map((cards) => (
        <div key={cards} className={styles['column']}>
          <div className={styles['head']}>
            <span className={styles['bone']} />
          </div>
          {Array.from({ length: cards }, (_, index) => (
            <div key={index} className={`${styles['card']} ${styles['blank']}`}>
              <span className={styles['bone']} />
              <span className={styles['bone']} />
            </div>
          ))}
        </div>
      ))}
    </div>
  );
}
