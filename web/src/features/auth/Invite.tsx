import { useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useParams, useRouter } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { acceptInvitation, lookUpInvitation } from '~/api/session.ts';
import { Button } from '~/ui/Button.tsx';
import { Notice, Skeleton } from '~/ui/states.tsx';
import { TextField } from '~/ui/TextField.tsx';
import { Gate, gateStyles, messageOf, PasswordField } from './Gate.tsx';

/** Whoever was invited gives a name and a password, and is in. */
export function Invite() {
  const { t } = useLingui();
  const router = useRouter();
  const { token } = useParams({ from: '/invite/$token' });
  const invitation = useQuery({
    queryKey: ['invitation', token],
    queryFn: () => lookUpInvitation(token),
    retry: false,
  });
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [error, setError] = useState('');
  const [isBusy, setBusy] = useState(false);
  const needsAccount = invitation.data?.needs_account ?? true;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError('');
    try {
      await acceptInvitation({ token, password, ...(needsAccount ? { name: name.trim() } : {}) });
      router.history.push('/');
    } catch (reason) {
      setError(messageOf(reason));
      setBusy(false);
    }
  };
  if (invitation.isLoading) return <Skeleton />;
  if (!invitation.data) {
    return (
      <Gate
        title={t`This invitation cannot be used`}
        subtitle={t`It may have been used already, or it has expired. Ask for a new one.`}
      >
        <p style={{ marginBlockStart: 24 }}>
          <a className="link" href="/login">
            {t`Go to sign-in`}
          </a>
        </p>
      </Gate>
    );
  }
  const { workspace_name: workspace, inviter_name: by, email } = invitation.data;
  return (
    <Gate
      title={t`Join ${workspace}`}
      subtitle={by ? t`${by} invited you as ${email}.` : t`You were invited as ${email}.`}
    >
      <form className={gateStyles.form} onSubmit={(event) => void submit(event)}>
        {error && <Notice kind="error">{error}</Notice>}
        <input type="hidden" name="email" autoComplete="username" value={email} readOnly />
        {needsAccount ? (
          <>
            <TextField
              label={t`Your name`}
              name="name"
              autoComplete="name"
              required
              autoFocus
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
            <PasswordField
              label={t`Password`}
              isNew
              value={password}
              onChange={setPassword}
              help={t`At least 10 characters`}
            />
          </>
        ) : (
          <PasswordField label={t`Your password here`} value={password} onChange={setPassword} />
        )}
        <Button kind="primary" size="lg" type="submit" isBusy={isBusy}>
          {t`Join`}
        </Button>
      </form>
    </Gate>
  );
}
