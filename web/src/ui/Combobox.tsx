import { Combobox as Base } from '@base-ui/react/combobox';
import { useLingui } from '@lingui/react/macro';
import { Check } from 'lucide-react';
import { type ReactElement, type ReactNode, useState } from 'react';
import styles from './Combobox.module.css';

export interface Option {
  value: string;
  label: string;
  icon?: ReactNode;
  /** At the end, muted. */
  hint?: string | undefined;
}

interface PickerProps {
  /** The button that opens it. */
  trigger?: ReactElement;
  anchor?: Element | null;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
  label: string;
  placeholder?: string;
  options: readonly Option[];
  /** The value chosen now. */
  value?: string | null;
  /** Several can be chosen; the panel stays open. */
  values?: readonly string[];
  onPick: (value: string) => void;
  /** Told while typing, when the options come from the server. Without it the options are filtered here. */
  onSearch?: (text: string) => void;
  /** Offered below with what was typed: create a tag, invite by e-mail. */
  onCreate?: (text: string) => void;
  createLabel?: (text: string) => string;
  footer?: ReactNode;
}

/** A searchable list in a popover, for people, projects, tags and options. */
export function Picker(props: PickerProps) {
  const { t } = useLingui();
  const [text, setText] = useState('');
  const [isOpen, setOpen] = useState(false);
  const open = props.open ?? isOpen;
  const { options, value, values, onSearch, onCreate, createLabel } = props;
  const close = (next: boolean) => {
    setOpen(next);
    props.onOpenChange?.(next);
    if (!next) setText('');
  };
  const CREATE = '\u0000create';
  const needle = text.trim().toLocaleLowerCase();
  const shown =
    onSearch || !needle ? options : options.filter((option) => option.label.toLocaleLowerCase().includes(needle));
  const isNew = onCreate && needle && !options.some((option) => option.label.toLocaleLowerCase() === needle);
  const items: Option[] = isNew
    ? [...shown, { value: CREATE, label: createLabel?.(text.trim()) ?? t`Create “${text.trim()}”` }]
    : [...shown];
  return (
    <Base.Root<Option>
      items={items}
      filter={null}
      open={open}
      onOpenChange={(next) => close(next)}
      inputValue={text}
      onInputValueChange={(next, details) => {
        if (details.reason === 'item-press') return;
        setText(next);
        onSearch?.(next);
      }}
      value={null}
      onValueChange={(option) => {
        if (!option) return;
        if (option.value === CREATE) onCreate?.(text.trim());
        else props.onPick(option.value);
        if (!values) close(false);
        else setText('');
      }}
      itemToStringLabel={(option) => option.label}
      isItemEqualToValue={(a, b) => a.value === b.value}
      autoHighlight
    >
      {props.trigger && <Base.Trigger role="button" render={props.trigger} />}
      <Base.Portal>
        <Base.Positioner
          className={styles['positioner']}
          anchor={props.anchor ?? undefined}
          align="start"
          sideOffset={4}
          collisionPadding={8}
        >
          <Base.Popup className={styles['popup']} aria-label={props.label}>
            <div className={styles['search']}>
              <Base.Input
                className={styles['input']}
                placeholder={props.placeholder ?? t`Search`}
                aria-label={props.label}
              />
            </div>
            <Base.Empty className={styles['empty']}>{t`Nothing found`}</Base.Empty>
            <Base.List className={styles['list']}>
              {(option: Option) => {
                const isChosen = values ? values.includes(option.value) : option.value === value;
                return (
                  <Base.Item
                    key={option.value}
                    value={option}
                    className={styles['item']}
                    aria-current={isChosen || undefined}
                  >
                    {option.icon}
                    <span className="truncate">{option.label}</span>
                    <span className={styles['end']}>
                      <span className="truncate">{option.hint}</span>
                      {isChosen && <Check aria-label={t`chosen`} />}
                    </span>
                  </Base.Item>
                );
              }}
            </Base.List>
            {props.footer}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
