import { Select as Base } from '@base-ui/react/select';
import { Check, ChevronDown } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import styles from './Select.module.css';

interface SelectProps {
  label: string;
  value: string;
  options: readonly { value: string; label: string; icon?: ReactNode }[];
  onChange: (value: string) => void;
  help?: ReactNode;
  isLabelHidden?: boolean;
}

/** One of a short list. */
export function Select({ label, value, options, onChange, help, isLabelHidden }: SelectProps) {
  const id = useId();
  return (
    <div>
      <span id={id} className={isLabelHidden ? 'sr' : styles['label']}>
        {label}
      </span>
      <Base.Root items={options} value={value} onValueChange={(next) => onChange(String(next))} modal={false}>
        <Base.Trigger className={styles['box']} aria-labelledby={id}>
          <Base.Value className={styles['value']} />
          <Base.Icon className={styles['icon']}>
            <ChevronDown />
          </Base.Icon>
        </Base.Trigger>
        <Base.Portal>
          <Base.Positioner
            className={styles['positioner']}
            alignItemWithTrigger={false}
            sideOffset={4}
            collisionPadding={8}
          >
            <Base.Popup className={styles['popup']}>
              {options.map((option) => (
                <Base.Item key={option.value} value={option.value} className={styles['item']}>
                  {option.icon}
                  <Base.ItemText className="truncate">{option.label}</Base.ItemText>
                  <Base.ItemIndicator className={styles['tick']}>
                    <Check />
                  </Base.ItemIndicator>
                </Base.Item>
              ))}
            </Base.Popup>
          </Base.Positioner>
        </Base.Portal>
      </Base.Root>
      {help && <p className={styles['help']}>{help}</p>}
    </div>
  );
}
