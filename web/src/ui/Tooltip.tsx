import { Tooltip as Base } from '@base-ui/react/tooltip';
import type { ReactElement } from 'react';
import { Kbd } from './Kbd.tsx';
import styles from './Tooltip.module.css';

interface TooltipProps {
  label: string;
  keys?: string | undefined;
  /** What it belongs to; it is rendered as it is. */
  trigger: ReactElement;
  side?: 'top' | 'bottom' | 'left' | 'right';
}

/** Says what an icon does, on hover and on focus. The trigger has its own label for screen readers. */
export function Tooltip({ label, keys, trigger, side = 'bottom' }: TooltipProps) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} delay={500} />
      <Base.Portal>
        <Base.Positioner side={side} sideOffset={6} className={styles['positioner']}>
          <Base.Popup className={styles['tip']}>
            {label}
            {keys && <Kbd keys={keys} />}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
