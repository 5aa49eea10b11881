import { CalendarDate } from '@internationalized/date';
import { useLingui } from '@lingui/react/macro';
import { Clock } from 'lucide-react';
import { useState } from 'react';
import { DayPicker } from 'react-day-picker';
import { type Day, dayLabel, parseDay, today } from '~/lib/dates.ts';
import { firstWeekday, formatLongDate, formatMonth, formatWeekday } from '~/lib/locale.ts';
import { Button } from './Button.tsx';
import type { Dates } from './DateField.tsx';
import styles from './DatePanel.module.css';

interface DatePanelProps {
  value: Dates;
  onChange: (value: Dates) => void;
  onDone: () => void;
  hasStart: boolean;
  hasTime: boolean;
}

function toDate(day: Day | null): Date | undefined {
  return day ? new Date(day.year, day.month - 1, day.day) : undefined;
}

function toDay(date: Date): Day {
  return new CalendarDate(date.getFullYear(), date.getMonth() + 1, date.getDate());
}

/** Two boxes that understand "fri" and "in 2 weeks", and a month. */
export function DatePanel({ value, onChange, onDone, hasStart, hasTime }: DatePanelProps) {
  const { t } = useLingui();
  const [text, setText] = useState<{ start: string | null; due: string | null }>({ start: null, due: null });
  const [part, setPart] = useState<'start' | 'due'>('due');
  const [month, setMonth] = useState(toDate(value.due ?? value.start ?? today()) ?? new Date());
  const [isTimed, setTimed] = useState(!!value.time);
  const typed = text[part] ? parseDay(text[part]) : null;

  const pick = (day: Day | null, which = part) => {
    const next = { ...value, [which]: day };
    if (next.start && next.due && next.start.compare(next.due) > 0) {
      if (which === 'start') next.due = next.start;
      else next.start = null;
    }
    if (!next.due) next.time = null;
    onChange(next);
    setText({ start: null, due: null });
    const shown = toDate(day);
    if (shown) setMonth(shown);
  };

  const box = (which: 'start' | 'due', label: string) => (
    <input
      className={styles['input']}
      aria-label={label}
      placeholder={label}
      data-on={part === which || undefined}
      autoFocus={which === 'due'}
      value={text[which] ?? (value[which] ? dayLabel(value[which]) : '')}
      onFocus={(event) => {
        setPart(which);
        event.target.select();
      }}
      onChange={(event) => setText({ ...text, [which]: event.target.value })}
      onKeyDown={(event) => {
        if (event.key !== 'Enter') return;
        event.preventDefault();
        if (text[which] === '') pick(null, which);
        else if (typed) pick(typed, which);
        onDone();
      }}
      onBlur={() => {
        if (text[which] === '') pick(null, which);
        else if (typed && part === which) pick(typed, which);
      }}
    />
  );

  const selected = value.due
    ? { from: toDate(value.start) ?? toDate(value.due), to: toDate(value.due) }
    : value.start
      ? { from: toDate(value.start), to: undefined }
      : undefined;
  return (
    <div className={styles['panel']}>
      <div className={styles['boxes']}>
        {hasStart && box('start', t`Start date`)}
        {box('due', t`Due date`)}
      </div>
      <p className={styles['said']} aria-live="polite">
        {typed
          ? formatLongDate(typed)
          : text[part]
            ? t`Type a date such as “fri” or “20 Oct”`
            : value.due
              ? formatLongDate(value.due)
              : t`No date`}
      </p>
      <DayPicker
        mode="range"
        selected={selected as never}
        onSelect={() => undefined}
        onDayClick={(date) => {
          const day = toDay(date);
          pick(day);
          if (part === 'start') setPart('due');
          else if (!hasTime || !isTimed) onDone();
        }}
        month={month}
        onMonthChange={setMonth}
        weekStartsOn={firstWeekday() as 0 | 1}
        showOutsideDays
        fixedWeeks
        formatters={{
          formatCaption: (date) => formatMonth(toDay(date)),
          formatWeekdayName: (date) => formatWeekday(toDay(date), 'short').slice(0, 2),
        }}
        labels={{
          labelNext: () => t`Next month`,
          labelPrevious: () => t`Previous month`,
          labelDayButton: (date) => formatLongDate(toDay(date)),
        }}
        classNames={{
          root: styles['calendar'] ?? '',
          month_caption: styles['caption'] ?? '',
          nav: styles['nav'] ?? '',
          button_next: styles['arrow'] ?? '',
          button_previous: styles['arrow'] ?? '',
          month_grid: styles['grid'] ?? '',
          weekday: styles['weekday'] ?? '',
          day: styles['day'] ?? '',
          day_button: styles['button'] ?? '',
          outside: styles['outside'] ?? '',
          today: styles['today'] ?? '',
          range_start: styles['from'] ?? '',
          range_middle: styles['middle'] ?? '',
          range_end: styles['to'] ?? '',
        }}
      />
      <footer className={styles['foot']}>
        {hasTime && value.due && !isTimed && (
          <Button kind="ghost" size="sm" icon={<Clock />} onClick={() => setTimed(true)}>
            {t`Time`}
          </Button>
        )}
        {isTimed && value.due && (
          <input
            type="time"
            className={styles['time']}
            aria-label={t`Due time`}
            value={value.time ?? ''}
            onChange={(event) => onChange({ ...value, time: event.target.value || null })}
          />
        )}
        <Button
          kind="ghost"
          size="sm"
          style={{ marginInlineStart: 'auto' }}
          onClick={() => onChange({ start: null, due: null, time: null })}
        >
          {t`Clear`}
        </Button>
      </footer>
    </div>
  );
}
