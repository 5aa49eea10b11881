import { useLingui } from '@lingui/react/macro';
import { Link, useRouter, useSearch } from '@tanstack/react-router';
import { type FormEvent, useRef, useState } from 'react';
import { signIn } from '~/api/session.ts';
import { Button } from '~/ui/Button.tsx';
import { Notice } from '~/ui/states.tsx';
import { TextField } from '~/ui/TextField.tsx';
import { Gate, gateStyles, messageOf, PasswordField } from './Gate.tsx';

/** A path of this application, never another site. */
function safe(next: string | undefined): string {
  return next && /^\/(?![/\\])/.test(next) ? next : '/';
}

export function SignIn() {
  const { t } = useLingui();
  const router = useRouter();
  const { next } = useSearch({ from: '/login' });
  const mail = useRef<HTMLInputElement>(null);
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [error, setError] = useState('');
  const [isBusy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError('');
    try {
      await signIn(email.trim(), password);
      router.history.push(safe(next));
    } catch (reason) {
      setError(messageOf(reason));
      setBusy(false);
      mail.current?.focus();
    }
  };
  return (
    <Gate title={t`Sign in`} footer={<span>{t`No account? Ask an administrator for an invitation.`}</span>}>
      <form className={gateStyles.form} onSubmit={(event) => void submit(event)}>
        {error && <Notice kind="error">{error}</Notice>}
        <TextField
          ref={mail}
          label={t`Email`}
          type="email"
          name="email"
          autoComplete="username"
          required
          autoFocus
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
        <PasswordField
          label={t`Password`}
          value={password}
          onChange={setPassword}
          aside={
            <Link to="/reset" className="link">
              {t`Forgot it?`}
            </Link>
          }
        />
        <Button kind="primary" size="lg" type="submit" isBusy={isBusy}>
          {t`Sign in`}
        </Button>
      </form>
    </Gate>
  );
}
