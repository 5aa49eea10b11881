import { CalendarDate } from '@internationalized/date';
import { useLingui } from '@lingui/react/macro';
import { useEffect, useRef, useState } from 'react';
import { type Day, dayOf, daysOf } from '~/lib/dates.ts';
import type { Gid } from '~/lib/id.ts';
import type { Mutation } from '~/mutations/queue.ts';
import { type DateChange, link, setAssignee, setDates, setField } from '~/mutations/tasks.ts';
import { store } from '~/store/entity-store.ts';
import { useEntity } from '~/store/hooks.ts';
import { useList, useUsers } from '~/store/lists.ts';
import type { CustomField, Task } from '~/store/records.ts';
import { Avatar } from '~/ui/Avatar.tsx';
import { type Option, Picker } from '~/ui/Combobox.tsx';
import { DateField, type Dates } from '~/ui/DateField.tsx';
import { Dot } from '~/ui/Pill.tsx';
import { Popover } from '~/ui/Popover.tsx';
import { fieldOf } from './filter.ts';
import styles from './grid.module.css';

export interface EditorProps {
  ws: Gid;
  /** The task whose value is shown. */
  task: Task | undefined;
  anchor: Element | null;
  /** Does the change: to one task, or to all that are selected. */
  apply: (make: (gid: Gid) => Mutation) => void;
  onClose: () => void;
}

/** People of the workspace, the chosen one marked. Choosing them again removes them. */
export function AssigneeEditor({ ws, task, anchor, apply, onClose }: EditorProps) {
  const { t } = useLingui();
  const users = usePeople(ws);
  return (
    <Picker
      open
      onOpenChange={(open) => !open && onClose()}
      anchor={anchor}
      label={t`Assignee`}
      placeholder={t`Name`}
      options={[{ value: '', label: t`Nobody`, icon: <Avatar size={20} isDecorative /> }, ...users]}
      value={task?.assignee?.gid ?? ''}
      onPick={(gid) => {
        const user = gid && gid !== task?.assignee?.gid ? { gid, name: store.get('user', gid)?.name } : null;
        apply((target) => setAssignee(target, user));
      }}
    />
  );
}

export function usePeople(ws: Gid): Option[] {
  const users = useUsers(ws).gids ?? [];
  return users.flatMap((gid) => {
    const user = store.get('user', gid);
    return user
      ? [
          {
            value: gid,
            label: user.name ?? '',
            icon: <Avatar gid={gid} name={user.name} size={20} isDecorative />,
            hint: undefined,
          },
        ]
      : [];
  });
}

/** The dates of a task as the date field shows them. */
export function datesOf(task: Task | undefined): Dates {
  const { start, due } = task ? daysOf(task) : { start: null, due: null };
  const time = task?.due_at ? new Date(task.due_at).toTimeString().slice(0, 5) : null;
  return { start, due, time };
}

/** The change of a task that the date field asks for. */
export function dateChange(value: Dates): DateChange {
  const moment = (day: Day, time: string) =>
    new Date(day.year, day.month - 1, day.day, Number(time.slice(0, 2)), Number(time.slice(3, 5))).toISOString();
  const due =
    value.due && value.time
      ? { due_on: value.due.toString(), due_at: moment(value.due, value.time) }
      : { due_on: value.due?.toString() ?? null, due_at: null };
  return { start_on: value.due ? (value.start?.toString() ?? null) : null, ...due };
}

export function DatesEditor({ task, anchor, apply, onClose }: EditorProps) {
  return (
    <DateField
      open
      onOpenChange={(open) => !open && onClose()}
      anchor={anchor}
      value={datesOf(task)}
      onChange={(value) => apply((gid) => setDates(gid, dateChange(value)))}
      hasStart
      hasTime
    />
  );
}

export function TagsEditor({ ws, task, anchor, apply, onClose }: EditorProps) {
  const { t } = useLingui();
  const tags = useList(`tags:${ws}`, `/workspaces/${ws}/tags`, { opt_fields: 'name,color' }).gids ?? [];
  const record = useEntity('task', task?.gid);
  const chosen = (record?.tags ?? []).map((tag) => tag.gid);
  return (
    <Picker
      open
      onOpenChange={(open) => !open && onClose()}
      anchor={anchor}
      label={t`Tags`}
      values={chosen}
      options={tags.flatMap((gid) => {
        const tag = store.get('tag', gid);
        return tag ? [{ value: gid, label: tag.name ?? '', icon: <Dot color={tag.color} /> }] : [];
      })}
      onPick={(gid) => {
        const tag = store.get('tag', gid);
        apply((target) =>
          link(target, 'tag', { gid, name: tag?.name, color: tag?.color, resource_type: 'tag' }, !chosen.includes(gid)),
        );
      }}
    />
  );
}

/** The editor of a custom field by its type. */
export function FieldEditor({ field, ...props }: EditorProps & { field: CustomField }) {
  const { t } = useLingui();
  const { ws, anchor, apply, onClose } = props;
  const task = useEntity('task', props.task?.gid) ?? props.task;
  const definition = useEntity('custom_field', field.gid) ?? field;
  const value = task ? fieldOf(task, field.gid) : undefined;
  const people = usePeople(ws);
  const label = field.name ?? '';
  const set = (sent: unknown, shown: object) => apply((gid) => setField(gid, field.gid, sent, shown));
  const options = (definition.enum_options ?? []).filter((option) => option.enabled !== false);
  const shownOptions = options.map((option) => ({
    value: option.gid ?? '',
    label: option.name ?? '',
    icon: <Dot color={option.color} />,
  }));

  switch (field.type) {
    case 'enum':
      return (
        <Picker
          open
          onOpenChange={(open) => !open && onClose()}
          anchor={anchor}
          label={label}
          value={value?.enum_value?.gid ?? ''}
          options={[{ value: '', label: t`None` }, ...shownOptions]}
          onPick={(gid) => {
            const option = options.find((item) => item.gid === gid);
            set(gid || null, { enum_value: option ?? null, display_value: option?.name ?? null });
          }}
        />
      );
    case 'multi_enum': {
      const chosen = value?.multi_enum_values ?? [];
      return (
        <Picker
          open
          onOpenChange={(open) => !open && onClose()}
          anchor={anchor}
          label={label}
          values={chosen.map((option) => option.gid ?? '')}
          options={shownOptions}
          onPick={(gid) => {
            const next = options.filter(
              (option) => (option.gid === gid) !== chosen.some((item) => item.gid === option.gid),
            );
            set(
              next.map((option) => option.gid),
              { multi_enum_values: next, display_value: next.map((option) => option.name).join(', ') || null },
            );
          }}
        />
      );
    }
    case 'people': {
      const chosen = value?.people_value ?? [];
      return (
        <Picker
          open
          onOpenChange={(open) => !open && onClose()}
          anchor={anchor}
          label={label}
          values={chosen.map((person) => person.gid)}
          options={people}
          onPick={(gid) => {
            const isChosen = chosen.some((person) => person.gid === gid);
            const next = isChosen
              ? chosen.filter((person) => person.gid !== gid)
              : [...chosen, { gid, name: store.get('user', gid)?.name ?? '' }];
            set(
              next.map((person) => person.gid),
              { people_value: next },
            );
          }}
        />
      );
    }
    case 'date': {
      const day = dayOf((value?.date_value as { date?: string } | null | undefined)?.date);
      return (
        <DateField
          open
          onOpenChange={(open) => !open && onClose()}
          anchor={anchor}
          label={label}
          value={{ start: null, due: day instanceof CalendarDate ? day : null }}
          onChange={({ due }) =>
            set(due ? { date: due.toString() } : null, {
              date_value: due ? { date: due.toString(), date_time: null } : null,
              display_value: due?.toString() ?? null,
            })
          }
        />
      );
    }
    default:
      return (
        <Popover open onOpenChange={(open) => !open && onClose()} anchor={anchor} label={label}>
          <TextValue
            key={field.gid}
            label={label}
            isNumber={field.type === 'number'}
            value={String((field.type === 'number' ? value?.number_value : value?.text_value) ?? '')}
            onDone={(text) => {
              onClose();
              if (text === null) return;
              if (field.type === 'number') {
                const number = text === '' ? null : Number(text.replace(',', '.'));
                if (number === null || !Number.isNaN(number))
                  set(number, { number_value: number, display_value: number === null ? null : String(number) });
              } else set(text || null, { text_value: text || null, display_value: text || null });
            }}
          />
        </Popover>
      );
  }
}

function TextValue({
  label,
  value,
  isNumber,
  onDone,
}: {
  label: string;
  value: string;
  isNumber: boolean;
  onDone: (text: string | null) => void;
}) {
  const [text, setText] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.select(), []);
  return (
    <input
      ref={input}
      className={styles['valueEdit']}
      aria-label={label}
      inputMode={isNumber ? 'decimal' : 'text'}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={() => text !== value && onDone(text.trim())}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === 'Enter') onDone(text.trim());
        if (event.key === 'Escape') onDone(null);
      }}
    />
  );
}
