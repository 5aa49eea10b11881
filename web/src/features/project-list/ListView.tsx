import { useLingui } from '@lingui/react/macro';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Columns3, Plus } from 'lucide-react';
import { useCallback, useMemo, useRef, useState } from 'react';
import { me } from '~/api/session.ts';
import { ASSIGNEE, type Column, DUE, fieldColumn, PROJECTS, TAGS } from '~/grid/columns.tsx';
import { GridController } from '~/grid/controller.ts';
import type { GridEvents } from '~/grid/events.ts';
import { comparer, matcher, parseFilter } from '~/grid/filter.ts';
import { groupsBy } from '~/grid/groups.ts';
import { type Completed, useProjectTasks } from '~/grid/project-tasks.ts';
import { buildRows, type Group } from '~/grid/rows.ts';
import { Sums } from '~/grid/Sums.tsx';
import { TaskGrid } from '~/grid/TaskGrid.tsx';
import { Toolbar } from '~/grid/Toolbar.tsx';
import { addTask, moveTasks } from '~/grid/task-actions.ts';
import { useFields } from '~/grid/use-fields.ts';
import { useRows } from '~/grid/use-rows.ts';
import { useSectionMenu } from '~/grid/use-section-menu.ts';
import { useTaskMenu } from '~/grid/use-task-menu.tsx';
import type { Gid } from '~/lib/id.ts';
import { remember, remembered } from '~/lib/storage.ts';
import { useRememberedSet } from '~/lib/use-remembered-set.ts';
import { mutate } from '~/mutations/mutate.ts';
import { renameSection } from '~/mutations/sections.ts';
import { store } from '~/store/entity-store.ts';
import { TASK_FIELDS } from '~/store/fields.ts';
import { useEntity } from '~/store/hooks.ts';
import { orderOf, setOrder } from '~/store/orders.ts';
import { fetchList } from '~/store/queries.ts';
import { Button, IconButton } from '~/ui/Button.tsx';
import { Menu } from '~/ui/Menu.tsx';
import { EmptyState, ErrorState, Skeleton } from '~/ui/states.tsx';
import type { ViewProps } from '../project/views.ts';

/** A project as a list: sections, columns, everything edited in place. */
export function ListView({ ws, project, openTask, open }: ViewProps) {
  const { t } = useLingui();
  const search = useSearch({ strict: false }) as { filter?: string; sort?: string; group?: string; completed?: string };
  const navigate = useNavigate();
  const [grid] = useState(() => new GridController());
  const [collapsed, setCollapsed] = useRememberedSet(`collapsed.${project}`);
  const [hidden, setHidden] = useRememberedSet(`hidden.${project}`);
  const [shown, setShown] = useRememberedSet(`shown.${project}`);
  const [expanded, setExpanded] = useState<ReadonlySet<Gid>>(new Set());
  const [widths, setWidths] = useState<Record<string, number>>(() => remembered(`widths.${project}`, {}));
  const record = useEntity('project', project);
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
  const groupBy = search.group && search.group !== 'section' ? search.group : null;
  const sections = data.sections;

  const { rows, groups } = useRows(
    () => {
      const bySection: Group[] = (sections ?? []).map((gid) => ({
        id: gid,
        name: store.get('section', gid)?.name ?? '',
        section: gid,
        gids: orderOf(`section:${gid}`) ?? [],
      }));
      const list = groupBy
        ? groupsBy(
            groupBy,
            bySection.flatMap((group) => group.gids),
          )
        : bySection;
      return { groups: list, rows: buildRows({ groups: list, collapsed, expanded, match, compare, canAdd: true }) };
    },
    () => [
      ...(sections ?? []).map((gid) => orderOf(`section:${gid}`)),
      ...[...expanded].map((gid) => orderOf(`subtasks:${gid}`)),
    ],
    !!(match || compare || groupBy),
    [sections, collapsed, expanded, match, compare, groupBy],
  );

  const columns = useMemo<Column[]>(() => {
    const custom = fields.flatMap((gid) => {
      const field = store.get('custom_field', gid);
      return field ? [fieldColumn(field)] : [];
    });
    const usual = [ASSIGNEE, DUE, ...custom].filter((column) => !hidden.has(column.id));
    return [...usual, ...[PROJECTS, TAGS].filter((column) => shown.has(column.id))];
  }, [fields, hidden, shown]);

  const groupsRef = useRef(groups);
  groupsRef.current = groups;
  const events = useMemo<GridEvents>(
    () => ({
      open: openTask,
      expand: (gid, isExpanded) => {
        setExpanded((before) => {
          const next = new Set(before);
          if (isExpanded) next.add(gid);
          else next.delete(gid);
          return next;
        });
        if (isExpanded && !orderOf(`subtasks:${gid}`)) {
          const at = store.now();
          fetchList(`/tasks/${store.resolve(gid)}/subtasks`, { opt_fields: TASK_FIELDS })
            .then((gids) => setOrder(`subtasks:${gid}`, gids, at))
            .catch(() => undefined);
        }
      },
      collapse: setCollapsed,
      add: (group, name, place = 'end', parent = null) => {
        const target = groupsRef.current.find((item) => item.id === group) ?? groupsRef.current[0];
        const section = target?.section ?? sections?.[0] ?? null;
        return addTask({ ws, project, section, name, place, parent });
      },
      moveTo: (gids, group, place) => {
        const target = groupsRef.current.find((item) => item.id === group)?.section;
        if (target) moveTasks(project, gids, target, place);
      },
    }),
    [openTask, setCollapsed, sections, ws, project],
  );
  const taskMenu = useTaskMenu({ grid, events, groups });

  const { sectionMenu, addSection } = useSectionMenu({ project, sections, grid });
  const optional: { id: string; label: string; isOn: boolean; set: (isOn: boolean) => void }[] = [
    { id: 'assignee', label: t`Assignee`, isOn: !hidden.has('assignee'), set: (isOn) => setHidden('assignee', !isOn) },
    { id: 'due_on', label: t`Due date`, isOn: !hidden.has('due_on'), set: (isOn) => setHidden('due_on', !isOn) },
    ...fields.map((gid) => ({
      id: `field.${gid}`,
      label: store.get('custom_field', gid)?.name ?? '',
      isOn: !hidden.has(`field.${gid}`),
      set: (isOn: boolean) => setHidden(`field.${gid}`, !isOn),
    })),
    { id: 'projects', label: t`Projects`, isOn: shown.has('projects'), set: (isOn) => setShown('projects', isOn) },
    { id: 'tags', label: t`Tags`, isOn: shown.has('tags'), set: (isOn) => setShown('tags', isOn) },
  ];
  const addFirst = (subtype?: 'milestone' | 'approval') => {
    const section = groups.find((group) => group.section)?.section ?? sections?.[0] ?? null;
    const made = addTask({ ws, project, section, name: '', place: 'start', subtype });
    setTimeout(() => grid.edit(made, 'name'), 0);
  };

  if (data.error) return <ErrorState error={data.error} onRetry={data.refetch} />;
  const toolbar = (
    <Toolbar
      project={project}
      fields={fields}
      conditions={conditions}
      sort={search.sort}
      group={search.group}
      completed={search.completed}
      set={set}
      onAddTask={addFirst}
      onAddSection={addSection}
    />
  );
  // The first page is shown while the rest is still being read.
  if (!sections || (data.isLoading && !rows.some((row) => row.kind === 'task'))) {
    return (
      <>
        {toolbar}
        <Skeleton rows={12} />
      </>
    );
  }
  const isEmpty = groups.every((group) => group.gids.length === 0) && sections.length <= 1;
  return (
    <>
      {toolbar}
      {isEmpty && !match ? (
        <EmptyState
          title={t`No open tasks`}
          text={t`Add the first one, or show the completed ones.`}
          action={
            <>
              <Button kind="primary" icon={<Plus />} onClick={() => addFirst()}>
                {t`Add task`}
              </Button>
              <Button onClick={() => set({ completed: 'all' })}>{t`Show completed`}</Button>
            </>
          }
        />
      ) : match && rows.length === 0 ? (
        <EmptyState
          title={t`No task matches the filters`}
          action={<Button onClick={() => set({ filter: undefined })}>{t`Clear filters`}</Button>}
        />
      ) : (
        <TaskGrid
          ws={ws}
          label={t`Tasks in ${record?.name ?? ''}`}
          grid={grid}
          rows={rows}
          groups={groups}
          columns={columns}
          events={events}
          open={open}
          expanded={expanded}
          canMove={!compare && !groupBy}
          sort={search.sort}
          onSort={(sort) => set({ sort })}
          headMenu={(column) => [
            {
              id: 'hide',
              label: t`Hide column`,
              run: () => (shown.has(column.id) ? setShown(column.id, false) : setHidden(column.id, true)),
            },
          ]}
          headEnd={
            <Menu
              align="end"
              trigger={<IconButton isPlain size="sm" label={t`Columns`} icon={<Columns3 />} />}
              entries={optional.map((item) => ({
                kind: 'check',
                id: item.id,
                label: item.label,
                isChecked: item.isOn,
                run: item.set,
              }))}
            />
          }
          sectionMenu={groupBy ? undefined : sectionMenu}
          onRenameSection={
            groupBy
              ? undefined
              : (group, name) =>
                  group.section &&
                  void mutate(renameSection(group.section, name), { isQuiet: true }).catch(() => undefined)
          }
          taskMenu={taskMenu}
          summary={(group) => <Sums gids={group.gids} columns={columns} />}
          widths={widths}
          onWidth={(id, width) =>
            setWidths((before) => {
              const next = { ...before, [id]: width };
              remember(`widths.${project}`, next);
              return next;
            })
          }
        />
      )}
    </>
  );
}
