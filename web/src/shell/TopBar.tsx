import { useLingui } from '@lingui/react/macro';
import { CircleHelp, Menu as MenuIcon, Plus, Search } from 'lucide-react';
import { Button, IconButton } from '~/ui/Button.tsx';
import { Kbd } from '~/ui/Kbd.tsx';
import { Logo } from '~/ui/Logo.tsx';
import { AccountMenu } from './AccountMenu.tsx';
import { createOpen, helpOpen, paletteOpen, toggleSidebar } from './shell-state.ts';
import styles from './TopBar.module.css';

export function TopBar() {
  const { t } = useLingui();
  return (
    <header className={styles['bar']}>
      <div className={styles['brand']}>
        <IconButton label={t`Show or hide the sidebar`} keys="Mod+\" icon={<MenuIcon />} onClick={toggleSidebar} />
        <Logo />
      </div>
      <div className={styles['create']}>
        <Button kind="primary" icon={<Plus />} onClick={() => createOpen.set({})}>
          {t`Create`}
        </Button>
      </div>
      <button
        type="button"
        className={styles['search']}
        aria-keyshortcuts="Control+K"
        onClick={() => paletteOpen.set({ text: '' })}
      >
        <Search aria-hidden="true" />
        <span className="truncate">{t`Search or type a command`}</span>
        <Kbd keys="Mod+K" />
      </button>
      <div className={styles['end']}>
        <IconButton label={t`Keyboard shortcuts`} keys="?" icon={<CircleHelp />} onClick={() => helpOpen.set(true)} />
        <AccountMenu />
      </div>
    </header>
  );
}
