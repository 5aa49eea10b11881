import { useLingui } from '@lingui/react/macro';
import { CalendarDays, Plus, X } from 'lucide-react';
import { type ReactNode, useRef, useState } from 'react';
import { dateChange, datesOf, FieldEditor, TagsEditor, usePeople } from '~/grid/CellEditor.tsx';
import { Due, FieldCell, TagPill } from '~/grid/columns.tsx';
import { datesLabel, daysOf, dueState } from '~/lib/dates.ts';
import type { Gid } from '~/lib/id.ts';
import { mutate } from '~/mutations/mutate.ts';
import { setInProject, setSection } from '~/mutations/projects.ts';
import type { Mutation } from '~/mutations/queue.ts';
import { link, setAssignee, setCompleted, setDates } from '~/mutations/tasks.ts';
import { store } from '~/store/entity-store.ts';
import { useEntity } from '~/store/hooks.ts';
import { useList, useProjects } from '~/store/lists.ts';
import type { CustomField, FieldValue, Task } from '~/store/records.ts';
import { Avatar, Person } from '~/ui/Avatar.tsx';
import { IconButton } from '~/ui/Button.tsx';
import { Picker } from '~/ui/Combobox.tsx';
import { CompleteButton } from '~/ui/CompleteButton.tsx';
import { DateField } from '~/ui/DateField.tsx';
import { Swatch } from '~/ui/Pill.tsx';
import styles from './TaskPane.module.css';
import { TaskPicker } from './TaskPicker.tsx';

interface FactsProps {
  ws: Gid;
  task: Task;
  onOpen: (gid: Gid) => void;
}

const quietly = (mutation: Mutation) => void mutate(mutation, { isQuiet: true }).catch(() => undefined);

/** The facts of a task, each changed where it stands. */
export function Facts({ ws, task, onOpen }: FactsProps) {
  const { t } = useLingui();
  const { gid } = task;
  const people = usePeople(ws);
  const user = useEntity('user', task.assignee?.gid);
  const { due } = daysOf(task);
  return (
    <dl className={styles['facts']}>
      <dt>{t`Assignee`}</dt>
      <dd>
        <Picker
          label={t`Assignee`}
          value={task.assignee?.gid ?? ''}
          options={[{ value: '', label: t`Nobody`, icon: <Avatar size={20} isDecorative /> }, ...people]}
          onPick={(next) =>
            quietly(
              setAssignee(
                gid,
                next && next !== task.assignee?.gid ? { gid: next, name: store.get('user', next)?.name } : null,
              ),
            )
          }
          trigger={
            <button type="button" className={styles['value']}>
              {task.assignee ? <Person gid={task.assignee.gid} hasName /> : <span className="muted">{t`Nobody`}</span>}
              <span className="sr">{user ? '' : t`Assignee`}</span>
            </button>
          }
        />
      </dd>
      <dt>{t`Due date`}</dt>
      <dd>
        <DateField
          value={datesOf(task)}
          onChange={(value) => quietly(setDates(gid, dateChange(value)))}
          hasStart
          hasTime
          trigger={
            <button
              type="button"
              className={styles['value']}
              data-state={due && !task.completed ? dueState(due) : undefined}
            >
              <CalendarDays aria-hidden="true" />
              {datesLabel(task) || <span className="muted">{t`No date`}</span>}
            </button>
          }
        />
      </dd>
      <dt>{t`Projects`}</dt>
      <dd>
        <Memberships ws={ws} task={task} />
      </dd>
      <dt>{t`Waiting for`}</dt>
      <dd>
        <Links
          ws={ws}
          task={task}
          kind="dependency"
          list={task.dependencies ?? []}
          onOpen={onOpen}
          add={t`Add what it waits for`}
        />
      </dd>
      {(task.dependents?.length ?? 0) > 0 && (
        <>
          <dt>{t`Blocking`}</dt>
          <dd>
            <Links
              ws={ws}
              task={task}
              kind="dependent"
              list={task.dependents ?? []}
              onOpen={onOpen}
              add={t`Add what it blocks`}
            />
          </dd>
        </>
      )}
      {task.custom_fields?.map((field) => (
        <Field key={field.gid} ws={ws} task={task} value={field} />
      ))}
      <dt>{t`Tags`}</dt>
      <dd>
        <Tags ws={ws} task={task} />
      </dd>
    </dl>
  );
}

function Memberships({ ws, task }: { ws: Gid; task: Task }) {
  const { t } = useLingui();
  const projects = useProjects(ws).gids ?? [];
  const memberships = task.memberships ?? [];
  return (
    <ul className={styles['stackOfFacts']}>
      {memberships.map(
        (item) =>
          item.project && (
            <InProject key={item.project.gid} task={task} project={item.project.gid} section={item.section?.gid} />
          ),
      )}
      <li>
        <Picker
          label={t`Add to project`}
          options={projects.flatMap((gid) => {
            const project = store.get('project', gid);
            return project && !memberships.some((item) => item.project?.gid === gid)
              ? [{ value: gid, label: project.name ?? '', icon: <Swatch color={project.color} /> }]
              : [];
          })}
          onPick={(gid) => quietly(setInProject(task.gid, { gid, name: store.get('project', gid)?.name }, true))}
          trigger={
            <button type="button" className={`${styles['value']} ${styles['plus']}`}>
              <Plus aria-hidden="true" />
              {t`Add to project`}
            </button>
          }
        />
      </li>
    </ul>
  );
}

function InProject({ task, project: gid, section }: { task: Task; project: Gid; section: Gid | undefined }) {
  const { t } = useLingui();
  const project = useEntity('project', gid);
  const current = useEntity('section', section);
  const [isOpen, setOpen] = useState(false);
  const sections = useList(isOpen ? `sections:${gid}` : null, `/projects/${gid}/sections`, { opt_fields: 'name' });
  return (
    <li className={styles['membership']}>
      <Swatch color={project?.color} />
      <span className="truncate">{project?.name}</span>
      <Picker
        label={t`Section`}
        open={isOpen}
        onOpenChange={setOpen}
        value={section ?? null}
        options={(sections.gids ?? []).map((item) => ({ value: item, label: store.get('section', item)?.name ?? '' }))}
        onPick={(next) =>
          next !== section && quietly(setSection(task.gid, gid, { gid: next, name: store.get('section', next)?.name }))
        }
        trigger={
          <button type="button" className={styles['section']}>
            {current?.name ?? t`Section`}
          </button>
        }
      />
      <IconButton
        isPlain
        size="sm"
        className={styles['remove'] ?? ''}
        label={t`Remove from ${project?.name ?? ''}`}
        icon={<X />}
        onClick={() => void mutate(setInProject(task.gid, { gid, name: project?.name }, false)).catch(() => undefined)}
      />
    </li>
  );
}

function Links({
  ws,
  task,
  kind,
  list,
  onOpen,
  add,
}: {
  ws: Gid;
  task: Task;
  kind: 'dependency' | 'dependent';
  list: readonly { gid: Gid }[];
  onOpen: (gid: Gid) => void;
  add: string;
}) {
  return (
    <ul className={styles['stackOfFacts']}>
      {list.map((item) => (
        <LinkedTask
          key={item.gid}
          gid={item.gid}
          onOpen={onOpen}
          onRemove={() => void mutate(link(task.gid, kind, item, false)).catch(() => undefined)}
        />
      ))}
      <li>
        <TaskPicker
          ws={ws}
          label={add}
          without={[task.gid, ...list.map((item) => item.gid)]}
          onPick={(gid) =>
            quietly(link(task.gid, kind, { gid, name: store.get('task', gid)?.name, resource_type: 'task' }, true))
          }
          trigger={
            <button type="button" className={`${styles['value']} ${styles['plus']}`}>
              <Plus aria-hidden="true" />
              {add}
            </button>
          }
        />
      </li>
    </ul>
  );
}

function LinkedTask({ gid, onOpen, onRemove }: { gid: Gid; onOpen: (gid: Gid) => void; onRemove: () => void }) {
  const { t } = useLingui();
  const task = useEntity('task', gid);
  if (!task) return null;
  const name = task.name ?? '';
  return (
    <li className={styles['membership']}>
      <CompleteButton
        name={name}
        checked={task.completed ?? false}
        onToggle={() => quietly(setCompleted(gid, !task.completed))}
      />
      <button type="button" className={styles['linked']} onClick={() => onOpen(gid)}>
        {name}
      </button>
      <Due task={task} />
      <IconButton
        isPlain
        size="sm"
        className={styles['remove'] ?? ''}
        label={t`Remove ${name}`}
        icon={<X />}
        onClick={onRemove}
      />
    </li>
  );
}

/** A custom field: its value opens its editor. */
function Field({ ws, task, value }: { ws: Gid; task: Task; value: FieldValue }) {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const isReadOnly = value.is_value_read_only || value.is_formula_field;
  const shown: ReactNode = <FieldCell value={value} />;
  return (
    <>
      <dt className="truncate" title={value.name}>
        {value.name}
      </dt>
      <dd>
        {isReadOnly ? (
          <span className={styles['value']}>{shown}</span>
        ) : (
          <button
            ref={button}
            type="button"
            className={styles['value']}
            aria-expanded={isOpen}
            onClick={() => setOpen(true)}
          >
            <span className="sr">{value.name}: </span>
            {shown}
          </button>
        )}
        {isOpen && (
          <FieldEditor
            ws={ws}
            task={task}
            field={value as unknown as CustomField}
            anchor={button.current}
            apply={(make) => quietly(make(task.gid))}
            onClose={() => {
              setOpen(false);
              button.current?.focus();
            }}
          />
        )}
      </dd>
    </>
  );
}

function Tags({ ws, task }: { ws: Gid; task: Task }) {
  const { t } = useLingui();
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  return (
    <>
      <button
        ref={button}
        type="button"
        className={styles['value']}
        aria-expanded={isOpen}
        onClick={() => setOpen(true)}
      >
        <span className="sr">{t`Tags`}: </span>
        {task.tags?.length ? (
          task.tags.map((tag) => <TagPill key={tag.gid} gid={tag.gid} />)
        ) : (
          <span className="muted">{t`None`}</span>
        )}
      </button>
      {isOpen && (
        <TagsEditor
          ws={ws}
          task={task}
          anchor={button.current}
          apply={(make) => quietly(make(task.gid))}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  );
}
