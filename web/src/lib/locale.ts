import { type CalendarDate, getLocalTimeZone, today } from '@internationalized/date';
import { display } from './display.ts';

/** Every date and number that is shown passes here, so that one place knows the person's language. */
const cache = new Map<string, Intl.DateTimeFormat>();

function dateFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const language = display.get().language;
  const key = language + JSON.stringify(options);
  let format = cache.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, options);
    cache.set(key, format);
  }
  return format;
}

function asDate(date: CalendarDate): Date {
  return new Date(Date.UTC(date.year, date.month - 1, date.day));
}

/** `20 Oct`, or `20 Oct 2025` in another year. */
export function formatDate(date: CalendarDate, now: CalendarDate = today(getLocalTimeZone())): string {
  const year = date.year === now.year ? undefined : ('numeric' as const);
  return dateFormat({ day: 'numeric', month: 'short', year, timeZone: 'UTC' }).format(asDate(date));
}

/** `Tuesday, 20 October 2026`. */
export function formatLongDate(date: CalendarDate): string {
  return dateFormat({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' }).format(
    asDate(date),
  );
}

export function formatMonth(date: CalendarDate): string {
  return dateFormat({ month: 'long', year: 'numeric', timeZone: 'UTC' }).format(asDate(date));
}

export function formatWeekday(date: CalendarDate, style: 'long' | 'short' | 'narrow' = 'long'): string {
  return dateFormat({ weekday: style, timeZone: 'UTC' }).format(asDate(date));
}

export function formatTime(moment: Date): string {
  return dateFormat({ hour: '2-digit', minute: '2-digit' }).format(moment);
}

/** `20 Oct 2026, 14:05`. */
export function formatMoment(moment: Date): string {
  return dateFormat({ day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' }).format(
    moment,
  );
}

/** `5 minutes ago`, `yesterday`; beyond a week the date. */
export function formatAgo(moment: Date, now: Date = new Date()): string {
  const relative = new Intl.RelativeTimeFormat(display.get().language, { numeric: 'auto' });
  const seconds = Math.round((moment.getTime() - now.getTime()) / 1000);
  const distance = Math.abs(seconds);
  if (distance < 60) return relative.format(0, 'second');
  if (distance < 3600) return relative.format(Math.round(seconds / 60), 'minute');
  if (distance < 86_400) return relative.format(Math.round(seconds / 3600), 'hour');
  if (distance < 7 * 86_400) return relative.format(Math.round(seconds / 86_400), 'day');
  const year = moment.getFullYear() === now.getFullYear() ? undefined : ('numeric' as const);
  return dateFormat({ day: 'numeric', month: 'short', year }).format(moment);
}

export function formatNumber(value: number, precision?: number): string {
  return new Intl.NumberFormat(display.get().language, {
    minimumFractionDigits: precision ?? 0,
    maximumFractionDigits: precision ?? 2,
  }).format(value);
}

export function formatCurrency(value: number, currency: string, precision?: number): string {
  try {
    return new Intl.NumberFormat(display.get().language, {
      style: 'currency',
      currency,
      minimumFractionDigits: precision ?? 0,
      maximumFractionDigits: precision ?? 2,
    }).format(value);
  } catch {
    return `${formatNumber(value, precision)} ${currency}`;
  }
}

export function formatBytes(size: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;
  let index = 0;
  let rest = size;
  while (rest >= 1000 && index < units.length - 1) {
    rest /= 1000;
    index += 1;
  }
  return new Intl.NumberFormat(display.get().language, {
    style: 'unit',
    unit: units[index],
    unitDisplay: 'short',
    maximumFractionDigits: rest < 10 && index > 0 ? 1 : 0,
  }).format(rest);
}

/** 0 Sunday to 6 Saturday. */
export function firstWeekday(): number {
  const chosen = display.get().firstWeekday;
  if (chosen !== undefined) return chosen;
  const language = display.get().language;
  type Weeks = { weekInfo?: { firstDay: number }; getWeekInfo?: () => { firstDay: number } };
  const locale = new Intl.Locale(language === 'en' ? 'en-GB' : language) as Intl.Locale & Weeks;
  return (locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay === 7 ? 0 : 1;
}

export function compareText(a: string, b: string): number {
  return a.localeCompare(b, display.get().language, { sensitivity: 'base', numeric: true });
}
