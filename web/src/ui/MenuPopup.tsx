import { Menu as Base } from '@base-ui/react/menu';
import { Check, ChevronRight } from 'lucide-react';
import { Kbd } from './Kbd.tsx';
import styles from './Menu.module.css';
import type { MenuEntry, MenuProps, PointMenuProps } from './Menu.tsx';

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

/** The menu of a button, open from the start: it is loaded when somebody asks for it. */
export function MenuPopup({ trigger, entries, align = 'start', side = 'bottom', header }: MenuProps) {
  return (
    <Base.Root modal={false} defaultOpen>
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

/** A menu at a point: on right click and long press. */
export function PointMenu({ x, y, entries, onClose }: PointMenuProps) {
  const anchor = { getBoundingClientRect: () => new DOMRect(x, y, 0, 0) };
  return (
    <Base.Root modal={false} open onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Positioner className={styles['positioner']} anchor={anchor} align="start" collisionPadding={8}>
          <Base.Popup className={styles['menu']}>
            <Entries entries={entries} />
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
