import { useLingui } from '@lingui/react/macro';
import styles from './CompleteButton.module.css';

interface CompleteButtonProps {
  name: string;
  checked: boolean;
  kind?: 'default_task' | 'milestone' | 'approval' | undefined;
  onToggle: () => void;
  isReadOnly?: boolean;
  /** Rows of a grid have one tab stop: the button is reached by key instead. */
  tabIndex?: number;
}

/** The circle of a task, the diamond of a milestone, the square of an approval. */
export function CompleteButton({
  name,
  checked,
  kind = 'default_task',
  onToggle,
  isReadOnly,
  tabIndex,
}: CompleteButtonProps) {
  const { t } = useLingui();
  return (
    <button
      type="button"
      role="checkbox"
      aria-checked={checked}
      aria-label={kind === 'approval' ? t`Approve: ${name}` : t`Complete: ${name}`}
      aria-disabled={isReadOnly || undefined}
      className={styles['check']}
      tabIndex={tabIndex}
      onClick={(event) => {
        event.stopPropagation();
        if (!isReadOnly) onToggle();
      }}
    >
      <svg viewBox="0 0 24 24" aria-hidden="true">
        {kind === 'milestone' ? (
          <path className={styles['ring']} d="M12 3.5 20.5 12 12 20.5 3.5 12z" />
        ) : kind === 'approval' ? (
          <rect className={styles['ring']} x="4" y="4" width="16" height="16" rx="5" />
        ) : (
          <circle className={styles['ring']} cx="12" cy="12" r="8.5" />
        )}
        <path className={styles['tick']} d="m8.3 12.3 2.5 2.5 4.9-5.3" />
      </svg>
    </button>
  );
}
