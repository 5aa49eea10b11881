import { useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Copy, Plus } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { ApiError, extension } from '~/api/client.ts';
import { formatAgo } from '~/lib/locale.ts';
import { Button, IconButton } from '~/ui/Button.tsx';
import { Confirm } from '~/ui/Dialog.tsx';
import { ErrorState, Skeleton } from '~/ui/states.tsx';
import { TextField } from '~/ui/TextField.tsx';
import { toast } from '~/ui/toasts.ts';
import styles from './Settings.module.css';

interface Token {
  gid: string;
  name: string;
  token?: string;
  created_at: string;
  last_used_at: string | null;
}

/** Personal access tokens: made, shown once, revoked. */
export function TokensTab() {
  const { t } = useLingui();
  const tokens = useQuery({ queryKey: ['tokens'], queryFn: () => extension.get<Token[]>('/tokens') });
  const [name, setName] = useState('');
  const [error, setError] = useState('');
  const [made, setMade] = useState<Token | null>(null);
  const [revoked, setRevoked] = useState<Token | null>(null);

  const create = async (event: FormEvent) => {
    event.preventDefault();
    setError('');
    try {
      setMade(await extension.post<Token>('/tokens', { name: name.trim() }));
      setName('');
      void tokens.refetch();
    } catch (reason) {
      setError(reason instanceof ApiError ? reason.message : String(reason));
    }
  };
  const revoke = async (token: Token) => {
    try {
      await extension.delete(`/tokens/${token.gid}`);
      if (made?.gid === token.gid) setMade(null);
    } catch (reason) {
      toast({ kind: 'error', text: reason instanceof ApiError ? reason.message : String(reason) });
    }
    void tokens.refetch();
  };
  return (
    <>
      <p
        className={styles['intro']}
      >{t`A token lets a program act as you, with the Asana API of this server. Whoever has it can do what you can do.`}</p>
      <form className={styles['form']} onSubmit={(event) => void create(event)}>
        <TextField
          label={t`Name`}
          help={t`What it is for: backup script, phone`}
          required
          value={name}
          error={error || undefined}
          onChange={(event) => setName(event.target.value)}
        />
        <div>
          <Button type="submit" icon={<Plus />}>
            {t`Create token`}
          </Button>
        </div>
      </form>
      {made?.token && (
        <div role="status" style={{ marginBlockStart: 16, maxInlineSize: 720 }}>
          <p className={styles['intro']} style={{ marginBlockEnd: 8 }}>{t`Copy it now: it is not shown again.`}</p>
          <div className={styles['secret']}>
            <code>{made.token}</code>
            <IconButton
              label={t`Copy`}
              icon={<Copy />}
              onClick={() => {
                void navigator.clipboard?.writeText(made.token ?? '');
                toast({ text: t`Copied` });
              }}
            />
          </div>
        </div>
      )}
      {tokens.isLoading && <Skeleton rows={2} />}
      {tokens.error && <ErrorState error={tokens.error} onRetry={() => void tokens.refetch()} />}
      <ul className={styles['list']}>
        {tokens.data?.map((token) => (
          <li key={token.gid} className={styles['row']}>
            <span>
              {token.name}
              <span className={styles['meta']}>
                {token.last_used_at ? t`Last used ${formatAgo(new Date(token.last_used_at))}` : t`Never used`} ·{' '}
                {t`made ${formatAgo(new Date(token.created_at))}`}
              </span>
            </span>
            <Button size="sm" onClick={() => setRevoked(token)}>
              {t`Revoke`}
            </Button>
          </li>
        ))}
      </ul>
      {revoked && (
        <Confirm
          open
          onOpenChange={(open) => !open && setRevoked(null)}
          title={t`Revoke “${revoked.name}”?`}
          description={t`Programs that use it can no longer reach the server. This cannot be undone.`}
          action={t`Revoke`}
          isDanger
          onConfirm={() => void revoke(revoked)}
        />
      )}
    </>
  );
}
