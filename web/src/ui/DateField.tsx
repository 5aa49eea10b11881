import { useLingui } from '@lingui/react/macro';
import { lazy, type ReactElement, Suspense, useState } from 'react';
import type { Day } from '~/lib/dates.ts';
import { Popover } from './Popover.tsx';

const DatePanel = lazy(() => import('./DatePanel.tsx').then((module) => ({ default: module.DatePanel })));

export interface Dates {
  start: Day | null;
  due: Day | null;
  /** `14:05`, when the due date has a time. */
  time?: string | null;
}

interface DateFieldProps {
  trigger?: ReactElement;
  anchor?: Element | null;
  label?: string;
  value: Dates;
  onChange: (value: Dates) => void;
  /** A start date can be given. */
  hasStart?: boolean;
  hasTime?: boolean;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
}

/** Dates in a popover: typed as people say them, or picked. The calendar is loaded when it is first opened. */
export function DateField({
  trigger,
  anchor,
  label,
  value,
  onChange,
  hasStart,
  hasTime,
  open,
  onOpenChange,
}: DateFieldProps) {
  const { t } = useLingui();
  const [isOpen, setOpen] = useState(false);
  const change = (next: boolean) => {
    setOpen(next);
    onOpenChange?.(next);
  };
  const shown = open ?? isOpen;
  return (
    <Popover
      {...(trigger ? { trigger } : {})}
      {...(anchor ? { anchor } : {})}
      label={label ?? t`Due date`}
      open={shown}
      onOpenChange={change}
    >
      {shown && (
        <Suspense fallback={<div style={{ inlineSize: 280, blockSize: 344 }} />}>
          <DatePanel
            value={value}
            onChange={onChange}
            onDone={() => change(false)}
            hasStart={hasStart ?? false}
            hasTime={hasTime ?? false}
          />
        </Suspense>
      )}
    </Popover>
  );
}
