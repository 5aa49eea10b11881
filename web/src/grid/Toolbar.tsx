import { useLingui } from '@lingui/react/macro';
import { ArrowDownUp, ChevronDown, CircleCheck, Diamond, ListFilter, Plus, Rows3, SquareCheck, X } from 'lucide-react';
import type { Gid } from '~/lib/id.ts';
import { useShortcuts } from '~/lib/shortcuts.ts';
import { store } from '~/store/entity-store.ts';
import { useEntity } from '~/store/hooks.ts';
import { Button, IconButton } from '~/ui/Button.tsx';
import { Menu, type MenuEntry } from '~/ui/Menu.tsx';
import { Dot } from '~/ui/Pill.tsx';
import { chipClass, toolbarClasses } from '~/ui/toolbar.ts';
import type { Condition } from './filter.ts';
import { filterText } from './filter.ts';

interface ToolbarProps {
  project: Gid;
  fields: readonly Gid[];
  conditions: readonly Condition[];
  sort: string | undefined;
  group?: string | undefined;
  /** Tasks can be grouped by something else than sections. */
  canGroup?: boolean;
  completed: string | undefined;
  set: (change: Record<string, string | undefined>) => void;
  onAddTask: (subtype?: 'milestone' | 'approval') => void;
  onAddSection: () => void;
}

/** Add, filter, sort and group; what is active is a chip that can be removed. */
export function Toolbar({
  project,
  fields,
  conditions,
  sort,
  group,
  canGroup = true,
  completed,
  set,
  onAddTask,
  onAddSection,
}: ToolbarProps) {
  const { t } = useLingui();
  const members = useEntity('project', project)?.members ?? [];
  const enums = fields.flatMap((gid) => {
    const field = store.get('custom_field', gid);
    return field?.type === 'enum' || field?.type === 'multi_enum' ? [field] : [];
  });
  useShortcuts([{ id: 'new-section', label: t`New section`, group: t`Project`, keys: ['Tab+N'], run: onAddSection }]);

  const has = (subject: string, value: string) =>
    conditions.some((item) => item.subject === subject && item.value === value);
  const toggle = (subject: string, value: string) => {
    const rest = conditions.filter((item) => item.subject !== subject || item.value !== value);
    set({ filter: filterText(rest.length === conditions.length ? [...conditions, { subject, value }] : rest) });
  };
  const check = (subject: string, value: string, label: string, icon?: React.ReactNode): MenuEntry => ({
    kind: 'check',
    id: `${subject}:${value}`,
    label,
    icon,
    isChecked: has(subject, value),
    run: () => toggle(subject, value),
  });
  const dueNames: Record<string, string> = {
    late: t`Late`,
    today: t`Due today`,
    week: t`Due this week`,
    'next-week': t`Due next week`,
    none: t`No due date`,
  };
  const nameOf = ({ subject, value }: Condition): string => {
    if (subject === 'due') return dueNames[value] ?? value;
    if (subject === 'assignee')
      return value === 'me'
        ? t`Assigned to me`
        : value === 'none'
          ? t`Unassigned`
          : (store.get('user', value)?.name ?? value);
    if (subject === 'type') return value === 'milestone' ? t`Milestones` : t`Approvals`;
    const field = store.get('custom_field', subject.replace('field.', ''));
    const option = field?.enum_options?.find((item) => item.gid === value);
    return `${field?.name ?? subject}: ${option?.name ?? (value === 'none' ? t`None` : value)}`;
  };
  const filters: MenuEntry[] = [
    check('assignee', 'me', t`Assigned to me`),
    ...(['late', 'today', 'week', 'next-week', 'none'] as const).map((value) =>
      check('due', value, dueNames[value] ?? value),
    ),
    { kind: 'line', id: 'line' },
    {
      kind: 'sub',
      id: 'people',
      label: t`Assignee`,
      entries: [
        check('assignee', 'none', t`Nobody`),
        ...members.map((person) => check('assignee', person.gid, person.name ?? '')),
      ],
    },
    {
      kind: 'sub',
      id: 'types',
      label: t`Type`,
      entries: [check('type', 'milestone', t`Milestones`), check('type', 'approval', t`Approvals`)],
    },
    ...enums.map(
      (field): MenuEntry => ({
        kind: 'sub',
        id: field.gid,
        label: field.name ?? '',
        entries: [
          ...(field.enum_options ?? []).map((option) =>
            check(`field.${field.gid}`, option.gid ?? '', option.name ?? '', <Dot color={option.color} />),
          ),
          check(`field.${field.gid}`, 'none', t`None`),
        ],
      }),
    ),
  ];
  const sorts = [
    { value: '', label: t`None: own order` },
    { value: 'due_on', label: t`Due date` },
    { value: 'assignee', label: t`Assignee` },
    { value: 'name', label: t`Name` },
    { value: '-created_at', label: t`Newest first` },
    { value: '-modified_at', label: t`Changed last` },
    { value: '-num_likes', label: t`Likes` },
    ...fields.map((gid) => ({ value: `field.${gid}`, label: store.get('custom_field', gid)?.name ?? '' })),
  ];
  const groupings = [
    { value: 'section', label: t`Section` },
    { value: 'assignee', label: t`Assignee` },
    { value: 'due', label: t`Due date` },
    ...enums
      .filter((field) => field.type === 'enum')
      .map((field) => ({ value: `field.${field.gid}`, label: field.name ?? '' })),
  ];
  const sortName = sorts.find((item) => item.value === sort || `-${item.value}` === sort)?.label;
  const groupName = groupings.find((item) => item.value === (group ?? 'section'))?.label ?? '';
  return (
    <div className={toolbarClasses.bar} role="toolbar" aria-label={t`View`}>
      <span className={toolbarClasses.split}>
        <Button icon={<Plus />} onClick={() => onAddTask()}>
          {t`Add task`}
        </Button>
        <Menu
          trigger={<IconButton isPlain kind="default" label={t`Add something else`} icon={<ChevronDown />} />}
          entries={[
            { id: 'milestone', label: t`Milestone`, icon: <Diamond />, run: () => onAddTask('milestone') },
            { id: 'approval', label: t`Approval`, icon: <SquareCheck />, run: () => onAddTask('approval') },
            { id: 'section', label: t`Section`, icon: <Rows3 />, keys: 'Tab+N', run: onAddSection },
          ]}
        />
      </span>
      <span className={toolbarClasses.line} />
      {conditions.map((condition) => (
        <span key={`${condition.subject}:${condition.value}`} className={`${chipClass} ${toolbarClasses.on}`}>
          {nameOf(condition)}
          <button
            type="button"
            aria-label={t`Remove filter: ${nameOf(condition)}`}
            onClick={() => toggle(condition.subject, condition.value)}
          >
            <X />
          </button>
        </span>
      ))}
      <Menu
        trigger={
          <button type="button" className={chipClass}>
            <ListFilter aria-hidden="true" />
            {t`Filter`}
          </button>
        }
        entries={filters}
      />
      {sort ? (
        <span className={`${chipClass} ${toolbarClasses.on}`} title={t`Tasks cannot be dragged while they are sorted.`}>
          {t`Sorted: ${sortName ?? sort}`}
          <button type="button" aria-label={t`Clear sort`} onClick={() => set({ sort: undefined })}>
            <X />
          </button>
        </span>
      ) : (
        <Menu
          trigger={
            <button type="button" className={chipClass}>
              <ArrowDownUp aria-hidden="true" />
              {t`Sort`}
            </button>
          }
          entries={[
            { kind: 'radio', id: 'sort', value: '', options: sorts, run: (value) => set({ sort: value || undefined }) },
          ]}
        />
      )}
      {canGroup && (
        <Menu
          trigger={
            <button type="button" className={chipClass}>
              <Rows3 aria-hidden="true" />
              {t`Group: ${groupName}`}
            </button>
          }
          entries={[
            {
              kind: 'radio',
              id: 'group',
              value: group ?? 'section',
              options: groupings,
              run: (value) => set({ group: value === 'section' ? undefined : value }),
            },
          ]}
        />
      )}
      <Menu
        trigger={
          <button type="button" className={chipClass}>
            <CircleCheck aria-hidden="true" />
            {completed === 'all' ? t`All tasks` : t`Incomplete tasks`}
          </button>
        }
        entries={[
          {
            kind: 'radio',
            id: 'completed',
            value: completed ?? 'incomplete',
            options: [
              { value: 'incomplete', label: t`Incomplete tasks` },
              { value: 'all', label: t`All tasks` },
            ],
            run: (value) => set({ completed: value === 'incomplete' ? undefined : value }),
          },
        ]}
      />
    </div>
  );
}
