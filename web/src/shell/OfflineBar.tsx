import { Plural, useLingui } from '@lingui/react/macro';
import { CloudOff } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useObservable } from '~/lib/observable.ts';
import { useDelayed } from '~/lib/use-delayed.ts';
import { queue } from '~/mutations/mutate.ts';
import { stream } from '~/stream/stream.ts';
import { Button } from '~/ui/Button.tsx';
import styles from './OfflineBar.module.css';

/** After this long without a connection it is said. */
const PATIENCE_MS = 5000;

/** "Reconnecting": edits go on and are sent later. */
export function OfflineBar() {
  const { t } = useLingui();
  const connection = useObservable(stream.connection);
  const pending = useObservable(queue.pending);
  const [isOnline, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const update = () => setOnline(navigator.onLine);
    addEventListener('online', update);
    addEventListener('offline', update);
    return () => {
      removeEventListener('online', update);
      removeEventListener('offline', update);
    };
  }, []);
  const isShown = useDelayed(connection === 'lost' || !isOnline, PATIENCE_MS);
  return (
    <div role="status" className={styles['place']}>
      {isShown && (
        <div className={styles['bar']}>
          <CloudOff aria-hidden="true" />
          <span className="grow">
            {t`Reconnecting…`}{' '}
            {pending > 0 ? (
              <Plural
                value={pending}
                one="# change is sent as soon as the server answers."
                other="# changes are sent as soon as the server answers."
              />
            ) : (
              t`Changes are sent as soon as the server answers.`
            )}
          </span>
          <Button
            size="sm"
            onClick={() => {
              stream.retry();
              queue.wake();
            }}
          >
            {t`Try now`}
          </Button>
        </div>
      )}
    </div>
  );
}
