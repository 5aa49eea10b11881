import { useLingui } from '@lingui/react/macro';
import { Copy, RotateCw, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { ApiError } from '~/api/client.ts';
import { useDelayed } from '~/lib/use-delayed.ts';
import { Button } from './Button.tsx';
import styles from './states.module.css';
import { toast } from './toasts.ts';

/** Grey bars in the place of what is loading, not before 150 ms. */
export function Skeleton({ rows = 6, label }: { rows?: number; label?: string }) {
  const { t } = useLingui();
  const isShown = useDelayed(true);
  return (
    <div role="status" aria-label={label ?? t`Loading`} className={styles['skeleton']}>
      {isShown &&
        Array.from({ length: rows }, (_, index) => (
          <div key={index} className={styles['line']}>
            <span className={styles['circle']} />
            <span className={styles['bar']} style={{ inlineSize: `${[46, 62, 38, 54, 70, 42][index % 6]}%` }} />
          </div>
        ))}
    </div>
  );
}

/** One sentence, one action, a small drawing. */
export function EmptyState({
  title,
  text,
  action,
  art,
}: {
  title: string;
  text?: ReactNode;
  action?: ReactNode;
  art?: ReactNode;
}) {
  return (
    <div className={styles['blank']}>
      {art ?? <EmptyArt />}
      <h2>{title}</h2>
      {text && <p>{text}</p>}
      {action && <div className={styles['actions']}>{action}</div>}
    </div>
  );
}

function EmptyArt() {
  return (
    <svg className={styles['art']} viewBox="0 0 120 72" aria-hidden="true">
      <rect x="22" y="10" width="76" height="52" rx="8" />
      <path d="M44 26h38M44 38h30M44 50h22" />
      <circle cx="34" cy="26" r="3.5" />
      <circle cx="34" cy="38" r="3.5" />
      <circle className={styles['accent']} cx="34" cy="50" r="3.5" />
    </svg>
  );
}

/** What went wrong, a way on, and the name of the request for whoever helps. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }) {
  const { t } = useLingui();
  const refusal = error instanceof ApiError ? error : null;
  if (refusal?.isMissing) return <NotFound />;
  const copy = () => {
    void navigator.clipboard?.writeText(refusal?.requestId ?? String(error));
    toast({ text: t`Copied` });
  };
  return (
    <div className={styles['blank']} role="alert">
      <TriangleAlert className={styles['glyph']} aria-hidden="true" />
      <h2>{refusal?.status === 0 ? t`The server cannot be reached` : t`This could not be loaded`}</h2>
      <p>
        {refusal?.status === 0
          ? t`Check the connection. What you changed is kept and sent later.`
          : (refusal?.message ?? t`Something unexpected happened in the page.`)}
      </p>
      <div className={styles['actions']}>
        {onRetry && (
          <Button icon={<RotateCw />} onClick={onRetry}>
            {t`Try again`}
          </Button>
        )}
        <Button kind="ghost" icon={<Copy />} onClick={copy}>
          {refusal ? t`Copy request id` : t`Copy details`}
        </Button>
      </div>
    </div>
  );
}

/** Never says which of the two it is. */
export function NotFound() {
  const { t } = useLingui();
  return (
    <EmptyState
      title={t`Not found, or no access`}
      text={t`It may have been deleted, or it was not shared with you. Ask whoever sent you the link.`}
      action={
        <a className="link" href="/">
          {t`Go to the start`}
        </a>
      }
    />
  );
}

/** A line of information, warning or error inside a page. */
export function Notice({
  kind = 'info',
  children,
  action,
}: {
  kind?: 'info' | 'warn' | 'error';
  children: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={styles['notice']} data-kind={kind} role={kind === 'error' ? 'alert' : 'note'}>
      <TriangleAlert aria-hidden="true" />
      <span className="grow">{children}</span>
      {action}
    </div>
  );
}
