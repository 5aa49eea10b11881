import { useLingui } from '@lingui/react/macro';
import { Eye, EyeOff } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { ApiError } from '~/api/client.ts';
import { useTitle } from '~/lib/use-page.ts';
import { IconButton } from '~/ui/Button.tsx';
import { Logo } from '~/ui/Logo.tsx';
import { TextField } from '~/ui/TextField.tsx';
import styles from './Gate.module.css';

/** A page outside the shell: one sheet in the middle of the desk. */
export function Gate({
  title,
  subtitle,
  children,
  footer,
}: {
  title: string;
  subtitle?: ReactNode;
  children?: ReactNode;
  footer?: ReactNode;
}) {
  useTitle(title);
  return (
    <div className={styles['gate']}>
      <main className={styles['paper']}>
        <Logo />
        <h1>{title}</h1>
        {subtitle && <p className="muted">{subtitle}</p>}
        {children}
      </main>
      {footer && <footer className={styles['foot']}>{footer}</footer>}
    </div>
  );
}

/** A password that can be looked at. Paste and password managers work. */
export function PasswordField(props: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  isNew?: boolean;
  error?: string | undefined;
  aside?: ReactNode;
  help?: ReactNode;
  name?: string;
}) {
  const { t } = useLingui();
  const [isShown, show] = useState(false);
  const [isCaps, setCaps] = useState(false);
  return (
    <TextField
      label={props.label}
      type={isShown ? 'text' : 'password'}
      name={props.name ?? 'password'}
      autoComplete={props.isNew ? 'new-password' : 'current-password'}
      value={props.value}
      error={props.error}
      aside={props.aside}
      help={isCaps ? t`Caps Lock is on` : props.help}
      onChange={(event) => props.onChange(event.target.value)}
      onKeyUp={(event) => setCaps(event.getModifierState('CapsLock'))}
      end={
        <IconButton
          isPlain
          size="sm"
          label={isShown ? t`Hide password` : t`Show password`}
          icon={isShown ? <EyeOff /> : <Eye />}
          onClick={() => show(!isShown)}
        />
      }
    />
  );
}

export function messageOf(error: unknown): string {
  return error instanceof ApiError ? error.message : String(error);
}

export const gateStyles = { form: styles['form'] ?? '' };
