import { useLingui } from '@lingui/react/macro';
import { useRouter, useSearch } from '@tanstack/react-router';
import { Check } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { invite, me, setUp } from '~/api/session.ts';
import { useHeadingFocus, useTitle } from '~/lib/use-page.ts';
import { Button } from '~/ui/Button.tsx';
import { Logo } from '~/ui/Logo.tsx';
import { Notice } from '~/ui/states.tsx';
import { TextArea, TextField } from '~/ui/TextField.tsx';
import { Gate, messageOf, PasswordField } from './Gate.tsx';
import styles from './SetUp.module.css';

/** The first run: an administrator, a workspace, people. */
export function SetUp() {
  const { t } = useLingui();
  const router = useRouter();
  const { token } = useSearch({ from: '/setup' });
  const [step, setStep] = useState(0);
  const [values, setValues] = useState({ name: '', email: '', password: '', workspace_name: '' });
  const [people, setPeople] = useState('');
  const [links, setLinks] = useState<{ email: string; link?: string }[]>([]);
  const [error, setError] = useState('');
  const [isBusy, setBusy] = useState(false);
  const heading = useHeadingFocus<HTMLHeadingElement>(String(step));
  useTitle(t`Set up`);
  const steps = [t`Administrator`, t`Workspace`, t`Invite people`];
  const titles = [t`Create the administrator`, t`Name your workspace`, t`Invite people`];
  const field = (name: keyof typeof values) => ({
    name,
    value: values[name],
    onChange: (event: { target: { value: string } }) => setValues({ ...values, [name]: event.target.value }),
  });

  const next = async (event: FormEvent) => {
    event.preventDefault();
    setError('');
    if (step === 0) {
      setStep(1);
      return;
    }
    setBusy(true);
    try {
      if (step === 1) {
        await setUp({ ...values, token: token ?? '' });
        setStep(2);
      } else {
        const workspace = me().workspaces[0]?.gid;
        const emails = people.split(/[\s,;]+/).filter((text) => text.includes('@'));
        if (workspace && emails.length > 0) {
          const made = await invite(workspace, emails);
          const shown = made.filter((item) => item.link);
          if (shown.length > 0) {
            setLinks(shown);
            return;
          }
        }
        router.history.push('/');
      }
    } catch (reason) {
      setError(messageOf(reason));
    } finally {
      setBusy(false);
    }
  };
  if (!token) {
    return (
      <Gate
        title={t`This server is not set up yet`}
        subtitle={t`Open the set-up link that the server wrote when it started. It has a secret that proves it is your server.`}
      />
    );
  }
  return (
    <div className={styles['gate']}>
      <div className={styles['sheet']}>
        <nav className={styles['steps']} aria-label={t`Set-up steps`}>
          <Logo />
          <ol>
            {steps.map((name, index) => (
              <li key={name} aria-current={index === step ? 'step' : undefined} data-done={index < step || undefined}>
                <span className={styles['number']}>{index < step ? <Check aria-label={t`done`} /> : index + 1}</span>
                {name}
              </li>
            ))}
          </ol>
        </nav>
        <main className={styles['content']}>
          <p className={styles['where']}>{t`Step ${step + 1} of ${steps.length}`}</p>
          <h1 ref={heading} tabIndex={-1}>
            {titles[step]}
          </h1>
          <form onSubmit={(event) => void next(event)} className={styles['form']}>
            {error && <Notice kind="error">{error}</Notice>}
            {step === 0 && (
              <>
                <TextField label={t`Your name`} autoComplete="name" required {...field('name')} />
                <TextField label={t`Email`} type="email" autoComplete="username" required {...field('email')} />
                <PasswordField
                  label={t`Password`}
                  isNew
                  value={values.password}
                  onChange={(password) => setValues({ ...values, password })}
                  help={t`At least 10 characters`}
                />
              </>
            )}
            {step === 1 && (
              <TextField
                label={t`Workspace name`}
                autoComplete="organization"
                required
                help={t`Everyone you invite works here. It can be changed later.`}
                {...field('workspace_name')}
              />
            )}
            {step === 2 && links.length === 0 && (
              <TextArea
                label={t`Email addresses`}
                value={people}
                onChange={setPeople}
                placeholder="lea@example.com, jo@example.com"
                help={t`Separate them with commas or lines. Leave it empty to do it later.`}
              />
            )}
            {links.length > 0 && (
              <div role="status" className={styles['links']}>
                <p>{t`This server sends no mail. Give each person their link; it is shown only now.`}</p>
                <dl>
                  {links.map((item) => (
                    <div key={item.email}>
                      <dt>{item.email}</dt>
                      <dd>
                        <code>{item.link}</code>
                      </dd>
                    </div>
                  ))}
                </dl>
                <a className="link" href="/">
                  {t`Begin`}
                </a>
              </div>
            )}
            <div className={styles['actions']} hidden={links.length > 0}>
              {step === 1 && (
                <Button kind="ghost" size="lg" onClick={() => setStep(0)}>
                  {t`Back`}
                </Button>
              )}
              <Button kind="primary" size="lg" type="submit" isBusy={isBusy}>
                {step === 2 ? (people.trim() ? t`Invite and begin` : t`Begin`) : t`Continue`}
              </Button>
            </div>
          </form>
        </main>
      </div>
      <footer className={styles['foot']}>{t`Everything stays on your server. Nothing is sent anywhere.`}</footer>
    </div>
  );
}
