import { useLingui } from '@lingui/react/macro';
import { Link, useParams, useRouter } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { requestPasswordReset, resetPassword } from '~/api/session.ts';
import { Button } from '~/ui/Button.tsx';
import { Notice } from '~/ui/states.tsx';
import { TextField } from '~/ui/TextField.tsx';
import { Gate, gateStyles, messageOf, PasswordField } from './Gate.tsx';

/** Asks for the mail with the link. The answer never says whether the address is known. */
export function Forgot() {
  const { t } = useLingui();
  const [email, setEmail] = useState('');
  const [state, setState] = useState<'asking' | 'busy' | 'sent'>('asking');
  const [error, setError] = useState('');
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setState('busy');
    setError('');
    try {
      await requestPasswordReset(email.trim());
      setState('sent');
    } catch (reason) {
      setError(messageOf(reason));
      setState('asking');
    }
  };
  const back = (
    <Link to="/login" className="link">
      {t`Back to sign-in`}
    </Link>
  );
  if (state === 'sent') {
    return (
      <Gate
        title={t`Look into your mail`}
        subtitle={t`If ${email} has an account here, a link to set a new password is on its way.`}
      >
        <p style={{ marginBlockStart: 24 }}>{back}</p>
      </Gate>
    );
  }
  return (
    <Gate title={t`Forgot your password?`} subtitle={t`We send you a link to set a new one.`}>
      <form className={gateStyles.form} onSubmit={(event) => void submit(event)}>
        {error && <Notice kind="error">{error}</Notice>}
        <TextField
          label={t`Email`}
          type="email"
          autoComplete="username"
          required
          autoFocus
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
        <Button kind="primary" size="lg" type="submit" isBusy={state === 'busy'}>
          {t`Send the link`}
        </Button>
        <p>{back}</p>
      </form>
    </Gate>
  );
}

/** Sets the new password with the token of the mail. */
export function Reset() {
  const { t } = useLingui();
  const router = useRouter();
  const { token } = useParams({ from: '/reset/$token' });
  const [password, setPassword] = useState('');
  const [error, setError] = useState('');
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError('');
    try {
      await resetPassword(token, password);
      router.history.push('/');
    } catch (reason) {
      setError(messageOf(reason));
      setBusy(false);
    }
  };
  return (
    <Gate title={t`Set a new password`}>
      <form className={gateStyles.form} onSubmit={(event) => void submit(event)}>
        {error && <Notice kind="error">{error}</Notice>}
        <PasswordField
          label={t`New password`}
          isNew
          value={password}
          onChange={setPassword}
          help={t`At least 10 characters`}
        />
        <Button kind="primary" size="lg" type="submit" isBusy={isBusy}>
          {t`Set password`}
        </Button>
      </form>
    </Gate>
  );
}
