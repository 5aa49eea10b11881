import { Field } from '@base-ui/react/field';
import { TriangleAlert } from 'lucide-react';
import type { InputHTMLAttributes, ReactNode, Ref } from 'react';
import styles from './TextField.module.css';

interface TextFieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  /** A hint below. */
  help?: ReactNode;
  /** What is wrong; replaces the hint. */
  error?: string | undefined;
  /** Beside the label, at the end: a link. */
  aside?: ReactNode;
  /** Inside the box, at the end: a button. */
  end?: ReactNode;
  /** The label is for screen readers only. */
  isLabelHidden?: boolean;
  ref?: Ref<HTMLInputElement>;
}

export function TextField({ label, help, error, aside, end, isLabelHidden, className, ref, ...input }: TextFieldProps) {
  return (
    <Field.Root invalid={!!error} className={className ?? ''}>
      <div className={styles['top']} hidden={isLabelHidden && !aside}>
        <Field.Label className={isLabelHidden ? 'sr' : styles['label']}>{label}</Field.Label>
        {aside}
      </div>
      <div className={styles['box']} data-invalid={error ? '' : undefined}>
        <Field.Control
          ref={ref ?? null}
          className={styles['input']}
          aria-label={isLabelHidden ? label : undefined}
          {...(input as object)}
        />
        {end}
      </div>
      <Message help={help} error={error} />
    </Field.Root>
  );
}

interface TextAreaProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  help?: ReactNode;
  error?: string | undefined;
  placeholder?: string;
  rows?: number;
}

export function TextArea({ label, value, onChange, help, error, placeholder, rows = 4 }: TextAreaProps) {
  return (
    <Field.Root invalid={!!error}>
      <Field.Label className={styles['label']}>{label}</Field.Label>
      <Field.Control
        render={<textarea className={styles['area']} rows={rows} data-invalid={error ? '' : undefined} />}
        value={value}
        placeholder={placeholder ?? ''}
        onChange={(event) => onChange(event.target.value)}
      />
      <Message help={help} error={error} />
    </Field.Root>
  );
}

function Message({ help, error }: { help?: ReactNode; error?: string | undefined }) {
  if (error) {
    return (
      <Field.Error match className={styles['error']}>
        <TriangleAlert aria-hidden="true" />
        {error}
      </Field.Error>
    );
  }
  return help ? <Field.Description className={styles['help']}>{help}</Field.Description> : null;
}
