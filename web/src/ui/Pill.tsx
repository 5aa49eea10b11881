import type { ReactNode } from 'react';
import { hueClass } from '~/lib/colors.ts';
import styles from './Pill.module.css';

/** A soft pill in one of the API's colours: an option of a field, a tag. */
export function Pill({
  color,
  children,
  icon,
}: {
  color: string | null | undefined;
  children: ReactNode;
  icon?: ReactNode;
}) {
  return (
    <span className={`${styles['pill']} ${hueClass(color)}`}>
      {icon}
      <span className="truncate">{children}</span>
    </span>
  );
}

/** The colour of a project as a small square. */
export function Swatch({ color }: { color: string | null | undefined }) {
  return <span className={`${styles['swatch']} ${hueClass(color)}`} aria-hidden="true" />;
}

/** An icon on the colour of a project. */
export function Tile({
  color,
  children,
  size = 32,
}: {
  color: string | null | undefined;
  children: ReactNode;
  size?: 24 | 32;
}) {
  return (
    <span className={`${styles['tile']} ${hueClass(color)}`} data-size={size} aria-hidden="true">
      {children}
    </span>
  );
}

/** A dot in a colour, before a word. */
export function Dot({ color }: { color: string | null | undefined }) {
  return <span className={`${styles['dot']} ${hueClass(color)}`} aria-hidden="true" />;
}

/** A number that wants attention. `label` says what it counts. */
export function Badge({ count, label }: { count: number; label: string }) {
  if (count === 0) return null;
  return (
    <span className={styles['badge']}>
      <span className="sr">{label}: </span>
      {count > 99 ? '99+' : count}
    </span>
  );
}

/** How much is done, 0 to 1. */
export function ProgressBar({ value, color, label }: { value: number; color?: string | undefined; label: string }) {
  const percent = Math.round(Math.min(1, Math.max(0, value)) * 100);
  return (
    <span
      className={`${styles['bar']} ${color ? hueClass(color) : ''}`}
      role="progressbar"
      aria-label={label}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
    >
      <i style={{ inlineSize: `${percent}%` }} />
    </span>
  );
}
