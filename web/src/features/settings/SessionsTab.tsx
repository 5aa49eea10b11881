import { useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { ApiError, extension } from '~/api/client.ts';
import { formatAgo } from '~/lib/locale.ts';
import { Button } from '~/ui/Button.tsx';
import { ErrorState, Skeleton } from '~/ui/states.tsx';
import { toast } from '~/ui/toasts.ts';
import styles from './Settings.module.css';

interface OwnSession {
  gid: string;
  user_agent: string;
  is_current: boolean;
  last_used_at: string;
}

/** "Firefox on Linux" from what a browser calls itself. */
function browserName(agent: string): string {
  const browser = ['Edg', 'OPR', 'Firefox', 'Chrome', 'Safari'].find((name) => agent.includes(`${name}/`));
  const system = ['Windows', 'Android', 'iPhone', 'iPad', 'Mac OS', 'Linux'].find((name) => agent.includes(name));
  const name = { Edg: 'Edge', OPR: 'Opera' }[browser ?? ''] ?? browser;
  return [name, system].filter(Boolean).join(' · ') || agent.slice(0, 60);
}

/** Browsers that are signed in, each of which can be signed out from here. */
export function SessionsTab() {
  const { t } = useLingui();
  const sessions = useQuery({ queryKey: ['sessions'], queryFn: () => extension.get<OwnSession[]>('/sessions') });
  const end = async (gid: string) => {
    try {
      await extension.delete(`/sessions/${gid}`);
    } catch (error) {
      toast({ kind: 'error', text: error instanceof ApiError ? error.message : String(error) });
    }
    void sessions.refetch();
  };
  if (sessions.isLoading) return <Skeleton rows={3} />;
  if (sessions.error) return <ErrorState error={sessions.error} onRetry={() => void sessions.refetch()} />;
  return (
    <>
      <p className={styles['intro']}>{t`Browsers that are signed in as you.`}</p>
      <ul className={styles['list']}>
        {sessions.data?.map((item) => (
          <li key={item.gid} className={styles['row']}>
            <span>
              {browserName(item.user_agent)}
              <span className={styles['meta']}>
                {item.is_current ? t`This browser` : t`Last used ${formatAgo(new Date(item.last_used_at))}`}
              </span>
            </span>
            {item.is_current ? (
              <span />
            ) : (
              <Button size="sm" onClick={() => void end(item.gid)}>
                {t`Sign out`}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
