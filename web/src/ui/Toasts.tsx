import { useLingui } from '@lingui/react/macro';
import { Check, TriangleAlert, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useObservable } from '~/lib/observable.ts';
import styles from './Toasts.module.css';
import { dismissToast, type ToastMessage, toasts } from './toasts.ts';

/** How long a message that can be undone stays. Errors stay until they are closed. */
const STAY_MS = 10_000;

/** The messages in the corner: one region, announced, kept while the pointer or the focus is in it. */
export function Toasts() {
  const { t } = useLingui();
  const list = useObservable(toasts);
  const [isHeld, hold] = useState(false);
  return (
    <section
      className={styles['region']}
      aria-label={t`Messages`}
      onPointerEnter={() => hold(true)}
      onPointerLeave={() => hold(false)}
      onFocus={() => hold(true)}
      onBlur={() => hold(false)}
    >
      <div aria-live="polite" aria-relevant="additions" className={styles['list']}>
        {list.map((message) => (
          <Toast key={message.id} message={message} isHeld={isHeld} />
        ))}
      </div>
    </section>
  );
}

function Toast({ message, isHeld }: { message: ToastMessage; isHeld: boolean }) {
  const { t } = useLingui();
  const { id, kind, text, action } = message;
  useEffect(() => {
    if (isHeld || kind === 'error') return;
    const timer = setTimeout(() => dismissToast(id), STAY_MS);
    return () => clearTimeout(timer);
  }, [id, kind, isHeld]);
  return (
    <div className={styles['toast']} data-kind={kind}>
      {kind === 'error' ? <TriangleAlert aria-hidden="true" /> : kind === 'done' ? <Check aria-hidden="true" /> : null}
      <span className={styles['text']}>{text}</span>
      {action && (
        <button
          type="button"
          className={styles['action']}
          onClick={() => {
            dismissToast(id);
            action.run();
          }}
        >
          {action.label}
        </button>
      )}
      <button type="button" className={styles['close']} aria-label={t`Close message`} onClick={() => dismissToast(id)}>
        <X />
      </button>
    </div>
  );
}
