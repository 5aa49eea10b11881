import { ContextMenu as BaseContext } from '@base-ui/react/context-menu';
import { Menu as Base } from '@base-ui/react/menu';
import { Check, ChevronRight } from 'lucide-react';
import type { ReactElement, ReactNode } from 'react';
import { Kbd } from './Kbd.tsx';
import styles from './Menu.module.css';

/** One line of a menu, as data, so that a button's menu and a context menu cannot differ. */
export type MenuEntry =
  | {
      kind?: 'item';
      id: string;
      label: string;
      icon?: ReactNode;
      keys?: string | undefined;
      run: () => void;
      isDanger?: boolean;
      isDisabled?: boolean;
      hint?: string;
    }
  | {
      kind: 'check';
      id: string;
      label: string;
      icon?: ReactNode;
      isChecked: boolean;
      run: (isChecked: boolean) => void;
    }
  | {
      kind: 'radio';
      id: string;
      label?: string;
      value: string;
      options: readonly { value: string; label: string; icon?: ReactNode }[];
      run: (value: string) => void;
    }
  | { kind: 'sub'; id: string; label: string; icon?: ReactNode; entries: readonly MenuEntry[] }
  | { kind: 'label'; id: string; label: string }
  | { kind: 'line'; id: string };

function Entries({ entries }: { entries: readonly MenuEntry[] }) {
  return entries.map((entry) => {
    switch (entry.kind) {
      case 'line':
        return <Base.Separator key={entry.id} className={styles['line']} />;
      case 'label':
        return (
          <div key={entry.id} className={styles['label']}>
            {entry.label}
          </div>
        );
      case 'check':
        return (
          <Base.CheckboxItem
            key={entry.id}
            className={styles['item']}
            checked={entry.isChecked}
            onCheckedChange={entry.run}
            closeOnClick={false}
          >
            {entry.icon}
            <span className="truncate">{entry.label}</span>
            <Base.CheckboxItemIndicator className={styles['end']}>
              <Check />
            </Base.CheckboxItemIndicator>
          </Base.CheckboxItem>
        );
      case 'radio':
        return (
          <Base.RadioGroup key={entry.id} value={entry.value} onValueChange={(value) => entry.run(String(value))}>
            {entry.label && <div className={styles['label']}>{entry.label}</div>}
            {entry.options.map((option) => (
              <Base.RadioItem key={option.value} value={option.value} className={styles['item']} closeOnClick>
                {option.icon}
                <span className="truncate">{option.label}</span>
                <Base.RadioItemIndicator className={styles['end']}>
                  <Check />
                </Base.RadioItemIndicator>
              </Base.RadioItem>
            ))}
          </Base.RadioGroup>
        );
      case 'sub':
        return (
          <Base.SubmenuRoot key={entry.id}>
            <Base.SubmenuTrigger className={styles['item']}>
              {entry.icon}
              <span className="truncate">{entry.label}</span>
              <span className={styles['end']}>
                <ChevronRight />
              </span>
            </Base.SubmenuTrigger>
            <Base.Portal>
              <Base.Positioner className={styles['positioner']} sideOffset={-4} alignOffset={-6}>
                <Base.Popup className={styles['menu']}>
                  <Entries entries={entry.entries} />
                </Base.Popup>
              </Base.Positioner>
            </Base.Portal>
          </Base.SubmenuRoot>
        );
      default:
        return (
          <Base.Item
            key={entry.id}
            className={styles['item']}
            data-danger={entry.isDanger || undefined}
            disabled={entry.isDisabled ?? false}
            onClick={entry.run}
          >
            {entry.icon}
            <span className="truncate">{entry.label}</span>
            {(entry.keys || entry.hint) && (
              <span className={styles['end']}>
                {entry.hint}
                {entry.keys && <Kbd keys={entry.keys} />}
              </span>
            )}
          </Base.Item>
        );
    }
  });
}

interface MenuProps {
  trigger: ReactElement;
  entries: readonly MenuEntry[];
  align?: 'start' | 'center' | 'end';
  side?: 'top' | 'bottom' | 'left' | 'right';
  /** Shown above the entries. */
  header?: ReactNode;
}

export function Menu({ trigger, entries, align = 'start', side = 'bottom', header }: MenuProps) {
  return (
    <Base.Root modal={false}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner className={styles['positioner']} align={align} side={side} sideOffset={4} collisionPadding={8}>
          <Base.Popup className={styles['menu']}>
            {header}
            <Entries entries={entries} />
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

/** The same entries on right click and long press. `children` is one element. */
export function ContextMenu({ entries, children }: { entries: readonly MenuEntry[]; children: ReactElement }) {
  return (
    <BaseContext.Root>
      <BaseContext.Trigger render={children} />
      <BaseContext.Portal>
        <BaseContext.Positioner className={styles['positioner']}>
          <BaseContext.Popup className={styles['menu']}>
            <Entries entries={entries} />
          </BaseContext.Popup>
        </BaseContext.Positioner>
      </BaseContext.Portal>
    </BaseContext.Root>
  );
}
