import { useLingui } from '@lingui/react/macro';
import { Link } from '@tanstack/react-router';
import { Menu, Plus, Search } from 'lucide-react';
import { useWorkspace } from '~/lib/use-workspace.ts';
import styles from './BottomBar.module.css';
import { DESTINATIONS } from './navigation.ts';
import { createOpen, drawerOpen, paletteOpen } from './shell-state.ts';

/** The bar at the bottom of a narrow screen. */
export function BottomBar() {
  const { t, i18n } = useLingui();
  const ws = useWorkspace();
  return (
    <nav className={styles['bar']} aria-label={t`Quick access`}>
      <button type="button" onClick={() => drawerOpen.set(true)}>
        <Menu aria-hidden="true" />
        {t`Menu`}
      </button>
      {DESTINATIONS.filter((place) => place.isOnBar)
        .slice(0, 3)
        .map(({ id, icon: Icon, label, path }) => (
          <Link key={id} to={`/1/${ws}/${path}` as never} activeProps={{ 'aria-current': 'page' }}>
            <Icon aria-hidden="true" />
            {i18n._(label)}
          </Link>
        ))}
      <button type="button" onClick={() => paletteOpen.set({ text: '' })}>
        <Search aria-hidden="true" />
        {t`Search`}
      </button>
      <button type="button" aria-label={t`Create`} onClick={() => createOpen.set({})}>
        <span className={styles['plus']}>
          <Plus aria-hidden="true" />
        </span>
      </button>
    </nav>
  );
}
