import type { MessageDescriptor } from '@lingui/core';
import { msg } from '@lingui/core/macro';
import { useLingui } from '@lingui/react/macro';
import { memo, type ReactNode } from 'react';
import { datesLabel, daysOf, dueState } from '~/lib/dates.ts';
import { formatNumber } from '~/lib/locale.ts';
import { useEntity } from '~/store/hooks.ts';
import type { CustomField, FieldValue, Task } from '~/store/records.ts';
import { Person } from '~/ui/Avatar.tsx';
import { Pill, Swatch } from '~/ui/Pill.tsx';
import { fieldOf } from './filter.ts';
import styles from './grid.module.css';

/** A column beside the name. */
export interface Column {
  id: string;
  label: string | MessageDescriptor;
  /** Pixels. */
  width: number;
  isEnd?: boolean;
  /** 1 is always there; higher ones go first when there is no room. */
  priority: number;
  /** What a cell shows. Cells are cheap: no state, no popups. */
  cell: (task: Task) => ReactNode;
  /** Which editor opens; none is read-only. */
  editor?: 'assignee' | 'dates' | 'field' | 'tags';
  sort?: string;
  /** Sums are shown beside the section. */
  value?: (task: Task) => number | null;
  field?: CustomField;
}

export const Due = memo(function Due({ task }: { task: Task }) {
  const { due } = daysOf(task);
  const label = datesLabel(task);
  if (!label) return <Empty />;
  const state = due && !task.completed ? dueState(due) : undefined;
  return (
    <span className={styles['due']} data-state={state}>
      <Lateness isLate={state === 'late'} />
      {label}
    </span>
  );
});

/** Lateness is said, not only coloured. */
function Lateness({ isLate }: { isLate: boolean }) {
  const { t } = useLingui();
  return isLate ? <span className="sr">{t`Late:`} </span> : null;
}

export function Empty() {
  return (
    <span className={styles['empty']} aria-hidden="true">
      —
    </span>
  );
}

function Assignee({ task }: { task: Task }) {
  const user = useEntity('user', task.assignee?.gid);
  return (
    <span className={styles['person']}>
      <Person gid={task.assignee?.gid} />
      <span className={styles['label']}>{user?.name}</span>
    </span>
  );
}

function ProjectName({ gid }: { gid: string | undefined }) {
  const project = useEntity('project', gid);
  return (
    <>
      <Swatch color={project?.color} />
      <span className="truncate">{project?.name}</span>
    </>
  );
}

/** A tag of the store. */
export function TagPill({ gid }: { gid: string }) {
  const tag = useEntity('tag', gid);
  return <Pill color={tag?.color}>{tag?.name}</Pill>;
}

/** The value of a custom field, as every list and board shows it. */
export function FieldCell({ value }: { value: FieldValue | undefined }) {
  if (!value?.display_value && !value?.enum_value && !value?.multi_enum_values?.length && !value?.people_value?.length)
    return <Empty />;
  switch (value.type) {
    case 'enum':
      return <Pill color={value.enum_value?.color}>{value.enum_value?.name}</Pill>;
    case 'multi_enum':
      return (
        <span className={styles['pills']}>
          {value.multi_enum_values?.map((option) => (
            <Pill key={option.gid} color={option.color}>
              {option.name}
            </Pill>
          ))}
        </span>
      );
    case 'people':
      return (
        <span className={styles['pills']}>
          {value.people_value?.map((person) => (
            <Person key={person.gid} gid={person.gid} size={20} />
          ))}
        </span>
      );
    default:
      return <span className="truncate">{value.display_value}</span>;
  }
}

export const ASSIGNEE: Column = {
  id: 'assignee',
  label: msg`Assignee`,
  width: 148,
  priority: 1,
  editor: 'assignee',
  sort: 'assignee',
  cell: (task) => <Assignee task={task} />,
};
export const DUE: Column = {
  id: 'due_on',
  label: msg`Due date`,
  width: 112,
  priority: 1,
  editor: 'dates',
  sort: 'due_on',
  cell: (task) => <Due task={task} />,
};
export const PROJECTS: Column = {
  id: 'projects',
  label: msg`Projects`,
  width: 160,
  priority: 4,
  cell: (task) =>
    task.memberships?.length ? (
      <span className={styles['pills']}>
        {task.memberships.map((membership) => (
          <span key={membership.project?.gid} className={styles['person']}>
            <ProjectName gid={membership.project?.gid} />
          </span>
        ))}
      </span>
    ) : (
      <Empty />
    ),
};
export const TAGS: Column = {
  id: 'tags',
  label: msg`Tags`,
  width: 140,
  priority: 4,
  editor: 'tags',
  cell: (task) =>
    task.tags?.length ? (
      <span className={styles['pills']}>
        {task.tags.map((tag) => (
          <TagPill key={tag.gid} gid={tag.gid} />
        ))}
      </span>
    ) : (
      <Empty />
    ),
};

/** The column of a custom field. */
export function fieldColumn(field: CustomField): Column {
  const isNumber = field.type === 'number';
  const isReadOnly = field.is_formula_field || field.is_value_read_only;
  return {
    id: `field.${field.gid}`,
    label: field.name ?? '',
    width: isNumber ? 88 : 124,
    isEnd: isNumber,
    priority: 3,
    sort: `field.${field.gid}`,
    field,
    ...(isReadOnly ? {} : { editor: 'field' as const }),
    ...(isNumber ? { value: (task: Task) => fieldOf(task, field.gid)?.number_value ?? null } : {}),
    cell: (task) => {
      const value = fieldOf(task, field.gid);
      if (isNumber && value?.number_value !== null && value?.number_value !== undefined && field.format === 'none') {
        return <span>{formatNumber(value.number_value, field.precision ?? undefined)}</span>;
      }
      return <FieldCell value={value} />;
    },
  };
}
