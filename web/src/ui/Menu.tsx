import { type ComponentType, cloneElement, lazy, type ReactElement, type ReactNode, Suspense, useState } from 'react';

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

export interface MenuProps {
  /** The button it opens from. */
  trigger: ReactElement;
  entries: readonly MenuEntry[];
  align?: 'start' | 'center' | 'end';
  side?: 'top' | 'bottom' | 'left' | 'right';
  /** Shown above the entries. */
  header?: ReactNode;
}

export interface PointMenuProps {
  x: number;
  y: number;
  entries: readonly MenuEntry[];
  onClose: () => void;
}

const load = () => import('./MenuPopup.tsx');
let loaded: ComponentType<MenuProps> | null = null;

/** A menu of a button. What draws it is loaded when the pointer or the focus comes near, and stands in for the button from the first click. */
export function Menu(props: MenuProps) {
  const [Popup, setPopup] = useState<ComponentType<MenuProps> | null>(null);
  if (Popup) return <Popup {...props} />;
  const near = () => {
    void load().then((module) => {
      loaded = module.MenuPopup;
    });
  };
  const open = () => {
    if (loaded) setPopup(() => loaded);
    else void load().then((module) => setPopup(() => module.MenuPopup));
  };
  return cloneElement(props.trigger as ReactElement<Record<string, unknown>>, {
    'aria-haspopup': 'menu',
    'aria-expanded': false,
    onPointerEnter: near,
    onFocus: near,
    onClick: open,
    onKeyDown: (event: React.KeyboardEvent) => {
      if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
      event.preventDefault();
      open();
    },
  });
}

const LazyPointMenu = lazy(() => load().then((module) => ({ default: module.PointMenu })));

/** A menu at a point, for right clicks. */
export function PointMenu(props: PointMenuProps) {
  return (
    <Suspense fallback={null}>
      <LazyPointMenu {...props} />
    </Suspense>
  );
}
