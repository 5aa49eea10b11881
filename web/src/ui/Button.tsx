import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import { ariaKeys } from '~/lib/shortcuts.ts';
import styles from './Button.module.css';
import { tip } from './Tooltip.tsx';

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** `primary` at most once in a page or dialog. */
  kind?: 'default' | 'primary' | 'ghost' | 'danger' | 'done';
  size?: 'md' | 'sm' | 'lg';
  icon?: ReactNode;
  /** An icon after the words. */
  end?: ReactNode;
  /** Waits: keeps its width, cannot be pressed again. */
  isBusy?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

function classes(...names: (string | false | undefined)[]): string {
  return names.filter(Boolean).join(' ');
}

export function Button({
  kind = 'default',
  size = 'md',
  icon,
  end,
  isBusy,
  children,
  className,
  onClick,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      className={classes(styles['button'], styles[kind], styles[size], className)}
      aria-busy={isBusy || undefined}
      aria-disabled={isBusy || undefined}
      onClick={isBusy ? (event) => event.preventDefault() : onClick}
      {...rest}
    >
      {isBusy ? <span className={styles['spin']} aria-hidden="true" /> : icon}
      {children}
      {end}
    </button>
  );
}

export interface IconButtonProps extends Omit<ButtonProps, 'icon' | 'end' | 'children' | 'aria-label'> {
  /** What it does, for the tooltip and for screen readers. */
  label: string;
  icon: ReactNode;
  /** Its shortcut, shown in the tooltip. */
  keys?: string | undefined;
  /** No tooltip: the words stand beside it, or a menu opens from it. */
  isPlain?: boolean;
}

export function IconButton({
  label,
  icon,
  keys,
  kind = 'ghost',
  size = 'md',
  className,
  isPlain,
  ...rest
}: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      aria-keyshortcuts={keys ? ariaKeys([keys]) : undefined}
      className={classes(styles['button'], styles['icon'], styles[kind], styles[size], className)}
      {...(isPlain ? {} : tip(label, keys))}
      {...rest}
    >
      {icon}
    </button>
  );
}
