import { endOfWeek, startOfWeek } from '@internationalized/date';
import { type Day, daysOf, today } from '~/lib/dates.ts';
import { compareText, firstWeekday } from '~/lib/locale.ts';
import { store } from '~/store/entity-store.ts';
import type { FieldValue, Task } from '~/store/records.ts';

/** A condition such as `assignee:me`, `due:week`, `field.12:34`. Several of one subject are alternatives; subjects add up. */
export interface Condition {
  subject: string;
  value: string;
}

/** Filters stand in the address: `assignee:me,due:week`. */
export function parseFilter(text: string | undefined): Condition[] {
  return (text ?? '').split(',').flatMap((part) => {
    const [subject, value] = part.split(':');
    return subject && value ? [{ subject, value }] : [];
  });
}

export function filterText(conditions: readonly Condition[]): string | undefined {
  return conditions.map(({ subject, value }) => `${subject}:${value}`).join() || undefined;
}

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

function week(day: Day): { from: Day; to: Day } {
  const first = DAYS[firstWeekday()] ?? 'mon';
  return { from: startOfWeek(day, 'en', first), to: endOfWeek(day, 'en', first) };
}

export function dueMatches(due: Day | null, isDone: boolean, value: string, now: Day = today()): boolean {
  if (value === 'none') return !due;
  if (!due) return false;
  if (value === 'late') return !isDone && due.compare(now) < 0;
  if (value === 'today') return due.compare(now) === 0;
  const { from, to } = week(value === 'next-week' ? now.add({ weeks: 1 }) : now);
  return due.compare(from) >= 0 && due.compare(to) <= 0;
}

export function fieldOf(task: Task, gid: string): FieldValue | undefined {
  return task.custom_fields?.find((field) => field.gid === gid);
}

function matches(task: Task, { subject, value }: Condition, me: string): boolean {
  if (subject === 'assignee')
    return value === 'none' ? !task.assignee : task.assignee?.gid === (value === 'me' ? me : value);
  if (subject === 'due') return dueMatches(daysOf(task).due, task.completed ?? false, value);
  if (subject === 'tag') return task.tags?.some((tag) => tag.gid === value) ?? false;
  if (subject === 'type') return task.resource_subtype === value;
  if (subject === 'name') return (task.name ?? '').toLocaleLowerCase().includes(value.toLocaleLowerCase());
  if (subject.startsWith('field.')) {
    const field = fieldOf(task, subject.slice('field.'.length));
    if (value === 'none') return !field?.display_value;
    return (
      field?.enum_value?.gid === value || (field?.multi_enum_values?.some((option) => option.gid === value) ?? false)
    );
  }
  return true;
}

/** Whether a task passes, or null when nothing is filtered. */
export function matcher(conditions: readonly Condition[], me: string): ((task: Task) => boolean) | null {
  if (conditions.length === 0) return null;
  const subjects = [...new Set(conditions.map((condition) => condition.subject))];
  return (task) =>
    subjects.every((subject) =>
      conditions.some((condition) => condition.subject === subject && matches(task, condition, me)),
    );
}

/** Undefined and null last, whatever the direction. */
function nullsLast<T>(
  a: T | null | undefined,
  b: T | null | undefined,
  sign: number,
  compare: (a: T, b: T) => number,
): number {
  if (a === null || a === undefined) return b === null || b === undefined ? 0 : 1;
  if (b === null || b === undefined) return -1;
  return sign * compare(a, b);
}

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** The comparison for `due_on`, `-due_on`, `field.12`, or null. */
export function comparer(sort: string | undefined): ((a: Task, b: Task) => number) | null {
  if (!sort) return null;
  const sign = sort.startsWith('-') ? -1 : 1;
  const by = sort.replace(/^-/, '');
  if (by.startsWith('field.')) {
    const gid = by.slice('field.'.length);
    return (a, b) => compareFields(gid, fieldOf(a, gid), fieldOf(b, gid), sign);
  }
  switch (by) {
    case 'name':
      return (a, b) => nullsLast(a.name, b.name, sign, compareText);
    case 'assignee':
      return (a, b) => nullsLast(a.assignee?.name, b.assignee?.name, sign, compareText);
    case 'due_on':
      return (a, b) => nullsLast(a.due_at ?? a.due_on, b.due_at ?? b.due_on, sign, byText);
    case 'created_at':
    case 'modified_at':
      return (a, b) => nullsLast(a[by], b[by], sign, byText);
    case 'num_likes':
      return (a, b) => nullsLast(a.num_likes, b.num_likes, sign, (x, y) => x - y);
    default:
      return null;
  }
}

function compareFields(gid: string, a: FieldValue | undefined, b: FieldValue | undefined, sign: number): number {
  if (a?.type === 'number' || b?.type === 'number')
    return nullsLast(a?.number_value, b?.number_value, sign, (x, y) => x - y);
  if (a?.type === 'enum' || b?.type === 'enum') {
    // Options have an order of their own.
    const options = store.get('custom_field', gid)?.enum_options ?? [];
    const place = (field: FieldValue | undefined) =>
      field?.enum_value ? options.findIndex((option) => option.gid === field.enum_value?.gid) : null;
    return nullsLast(place(a), place(b), sign, (x, y) => x - y);
  }
  return nullsLast(a?.display_value, b?.display_value, sign, compareText);
}
