import { Checkbox as Base } from '@base-ui/react/checkbox';
import { Switch as BaseSwitch } from '@base-ui/react/switch';
import { Check, Minus } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import styles from './Checkbox.module.css';

interface CheckboxProps {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  isMixed?: boolean;
  isLabelHidden?: boolean;
  help?: ReactNode;
  isDisabled?: boolean;
}

export function Checkbox({ label, checked, onChange, isMixed, isLabelHidden, help, isDisabled }: CheckboxProps) {
  const id = useId();
  const box = (
    <Base.Root
      className={styles['box']}
      checked={checked}
      indeterminate={isMixed ?? false}
      onCheckedChange={(next) => onChange(next)}
      disabled={isDisabled ?? false}
      aria-label={isLabelHidden ? label : undefined}
      aria-labelledby={isLabelHidden ? undefined : id}
    >
      <Base.Indicator className={styles['mark']}>{isMixed ? <Minus /> : <Check />}</Base.Indicator>
    </Base.Root>
  );
  if (isLabelHidden) return box;
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is Base UI's checkbox inside
    <label className={styles['option']}>
      {box}
      <span>
        <span id={id}>{label}</span>
        {help && <small className={styles['help']}>{help}</small>}
      </span>
    </label>
  );
}

export function Switch({
  label,
  checked,
  onChange,
  help,
}: {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  help?: ReactNode;
}) {
  const id = useId();
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is Base UI's switch inside
    <label className={styles['option']}>
      <BaseSwitch.Root
        className={styles['switch']}
        checked={checked}
        onCheckedChange={(next) => onChange(next)}
        aria-labelledby={id}
      >
        <BaseSwitch.Thumb className={styles['thumb']} />
      </BaseSwitch.Root>
      <span>
        <span id={id}>{label}</span>
        {help && <small className={styles['help']}>{help}</small>}
      </span>
    </label>
  );
}

interface ChoicesProps {
  /** The question. */
  label: string;
  name: string;
  value: string;
  options: readonly { value: string; label: string; help?: string }[];
  onChange: (value: string) => void;
}

/** One of a few, each with a sentence. */
export function Choices({ label, name, value, options, onChange }: ChoicesProps) {
  return (
    <fieldset className={styles['choices']}>
      <legend>{label}</legend>
      {options.map((option) => (
        <label key={option.value} className={styles['choice']} data-on={option.value === value || undefined}>
          <input type="radio" name={name} checked={option.value === value} onChange={() => onChange(option.value)} />
          <span>
            {option.label}
            {option.help && <small className={styles['help']}>{option.help}</small>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
