import {
  CalendarDate,
  fromDate,
  getLocalTimeZone,
  parseDate,
  toCalendarDate,
  today as todayIn,
} from '@internationalized/date';
import { t } from '@lingui/core/macro';
import { display } from './display.ts';
import { formatDate, formatTime } from './locale.ts';

/** A day without a time zone, so that `due_on` never slips by one. */
export type Day = CalendarDate;

export function today(): Day {
  return todayIn(getLocalTimeZone());
}

/** The day in an API value such as `2026-10-20`, or null. */
export function dayOf(text: string | null | undefined): Day | null {
  if (!text) return null;
  try {
    return parseDate(text.slice(0, 10));
  } catch {
    return null;
  }
}

/** The day of a moment, where this person is. */
export function dayOfMoment(text: string | null | undefined): Day | null {
  const moment = text ? new Date(text) : null;
  return moment && !Number.isNaN(moment.getTime()) ? toCalendarDate(fromDate(moment, getLocalTimeZone())) : null;
}

export function daysBetween(from: Day, to: Day): number {
  return Math.round(
    (Date.UTC(to.year, to.month - 1, to.day) - Date.UTC(from.year, from.month - 1, from.day)) / 86_400_000,
  );
}

/** 0 Sunday to 6 Saturday. */
export function weekday(day: Day): number {
  return new Date(Date.UTC(day.year, day.month - 1, day.day)).getUTCDay();
}

export type DueState = 'late' | 'today' | 'soon' | 'later';

export function dueState(day: Day, now: Day = today()): DueState {
  const distance = daysBetween(now, day);
  if (distance < 0) return 'late';
  if (distance === 0) return 'today';
  return distance <= 7 ? 'soon' : 'later';
}

/** `Today`, `Tomorrow`, `Yesterday`, or the date. */
export function dayLabel(day: Day, now: Day = today()): string {
  switch (daysBetween(now, day)) {
    case 0:
      return t`Today`;
    case 1:
      return t`Tomorrow`;
    case -1:
      return t`Yesterday`;
    default:
      return formatDate(day, now);
  }
}

/** `12 – 26 Oct`, `28 Oct – 3 Nov`. */
export function rangeLabel(start: Day, end: Day, now: Day = today()): string {
  if (start.compare(end) === 0) return dayLabel(end, now);
  if (
    start.month === end.month &&
    start.year === end.year &&
    end.year === now.year &&
    display.get().language === 'en'
  ) {
    return `${start.day} – ${formatDate(end, now)}`;
  }
  return `${formatDate(start, now)} – ${formatDate(end, now)}`;
}

interface Dated {
  start_on?: string | null;
  start_at?: string | null;
  due_on?: string | null;
  due_at?: string | null;
}

/** The start and the end of something dated, as days where this person is. */
export function daysOf(item: Dated): { start: Day | null; due: Day | null } {
  return {
    start: (item.start_at ? dayOfMoment(item.start_at) : null) ?? dayOf(item.start_on),
    due: (item.due_at ? dayOfMoment(item.due_at) : null) ?? dayOf(item.due_on),
  };
}

/** What a task's dates are called: `Today`, `12 – 26 Oct`, `20 Oct, 14:05`. */
export function datesLabel(item: Dated, now: Day = today()): string {
  const { start, due } = daysOf(item);
  if (!due) return start ? t`From ${dayLabel(start, now)}` : '';
  const text = start ? rangeLabel(start, due, now) : dayLabel(due, now);
  return item.due_at ? `${text}, ${formatTime(new Date(item.due_at))}` : text;
}

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];

/** The name in a list of names, by its first three or more letters. */
function named(names: readonly string[], word: string): number {
  return word.length < 3 ? -1 : names.findIndex((name) => name.startsWith(word));
}

function make(year: number, month: number, day: number): Day | null {
  const date = new CalendarDate(year, month, day);
  return date.month === month && date.day === day ? date : null;
}

/** Without a year the nearest date that is not long past. */
function nearest(month: number, day: number, now: Day): Day | null {
  const date = make(now.year, month, day);
  return date && daysBetween(date, now) > 90 ? make(now.year + 1, month, day) : date;
}

/** Reads a date as people type it: `today`, `fri`, `next mon`, `in 2 weeks`, `+3d`, `20 oct`, `20.10.`, `2026-10-20`. */
export function parseDay(text: string, now: Day = today()): Day | null {
  const input = text.trim().toLowerCase().replace(/,/g, ' ').replace(/\s+/g, ' ');
  if (!input) return null;
  if (['today', 'tod', 'heute'].includes(input)) return now;
  if (['tomorrow', 'tom', 'tmr', 'morgen'].includes(input)) return now.add({ days: 1 });
  if (['yesterday', 'gestern'].includes(input)) return now.subtract({ days: 1 });
  if (input === 'next week') return now.add({ days: (8 - weekday(now)) % 7 || 7 });
  if (input === 'next month') return now.add({ months: 1 }).set({ day: 1 });

  const offset = /^(?:in |\+)(\d{1,3}) ?(d|days?|w|weeks?|m|months?|y|years?)$/.exec(input);
  if (offset) {
    const count = Number(offset[1]);
    const unit = offset[2]?.[0];
    if (unit === 'd') return now.add({ days: count });
    if (unit === 'w') return now.add({ weeks: count });
    return unit === 'm' ? now.add({ months: count }) : now.add({ years: count });
  }

  const day = /^(next |this )?([a-z]+)$/.exec(input);
  const wanted = day ? named(WEEKDAYS, day[2] ?? '') : -1;
  if (wanted >= 0) {
    const ahead = (wanted - weekday(now) + 7) % 7 || 7;
    return now.add({ days: day?.[1] === 'next ' ? ahead + (ahead < 7 - ((weekday(now) + 6) % 7) ? 7 : 0) : ahead });
  }

  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(input);
  if (iso) return make(Number(iso[1]), Number(iso[2]), Number(iso[3]));

  const words =
    /^(\d{1,2})(?:st|nd|rd|th|\.)? ?([a-z]+)(?: (\d{4}))?$/.exec(input) ??
    flip(/^([a-z]+) (\d{1,2})(?:st|nd|rd|th)?(?: (\d{4}))?$/.exec(input));
  if (words) {
    const month = named(MONTHS, words[2] ?? '') + 1;
    if (month < 1) return null;
    return words[3] ? make(Number(words[3]), month, Number(words[1])) : nearest(month, Number(words[1]), now);
  }

  const numbers = /^(\d{1,2})[./](\d{1,2})[./]?(\d{4})?$/.exec(input);
  if (numbers) {
    const [first, second] = [Number(numbers[1]), Number(numbers[2])];
    const monthFirst = display.get().language === 'en-US' && input.includes('/');
    const [date, month] = monthFirst ? [second, first] : [first, second];
    if (month < 1 || month > 12) return null;
    return numbers[3] ? make(Number(numbers[3]), month, date) : nearest(month, date, now);
  }
  return null;
}

function flip(match: RegExpExecArray | null): (string | undefined)[] | null {
  return match ? [match[0], match[2], match[1], match[3]] : null;
}
