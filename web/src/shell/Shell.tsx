import { useLingui } from '@lingui/react/macro';
import { Outlet } from '@tanstack/react-router';
import { lazy, Suspense, useEffect } from 'react';
import { me } from '~/api/session.ts';
import { useObservable } from '~/lib/observable.ts';
import { remembered } from '~/lib/storage.ts';
import { stream } from '~/stream/stream.ts';
import { Toasts } from '~/ui/Toasts.tsx';
import { BottomBar } from './BottomBar.tsx';
import { OfflineBar } from './OfflineBar.tsx';
import styles from './Shell.module.css';
import { Sidebar } from './Sidebar.tsx';
import { createOpen, drawerOpen, helpOpen, paletteOpen, sidebarOpen } from './shell-state.ts';
import { TopBar } from './TopBar.tsx';
import { useShellCommands } from './use-shell-commands.ts';

const Palette = lazy(() => import('./Palette.tsx').then((module) => ({ default: module.Palette })));
const CreateDialog = lazy(() => import('./CreateDialog.tsx').then((module) => ({ default: module.CreateDialog })));
const Help = lazy(() => import('./Help.tsx').then((module) => ({ default: module.Help })));

/** Whether this browser asks for live updates, which are on trial. */
const isLive = () => remembered('live', false);

/** What stays around every screen: bars, sidebar, palette, create dialog, messages. */
export function Shell() {
  const { t } = useLingui();
  const isOpen = useObservable(sidebarOpen);
  const isDrawer = useObservable(drawerOpen);
  const palette = useObservable(paletteOpen);
  const create = useObservable(createOpen);
  const help = useObservable(helpOpen);
  useShellCommands();
  useEffect(() => {
    // Rows that the stream moves still jump under the pointer while one adds some: live updates are on where a browser asks for them.
    if (!isLive()) return;
    stream.open();
    const leave = stream.subscribe(`user:${me().user.gid}`);
    return () => {
      leave();
      stream.close();
    };
  }, []);
  return (
    <div className={styles['app']} data-sidebar={isOpen ? 'open' : 'closed'}>
      <a className={styles['skip']} href="#main">
        {t`Skip to content`}
      </a>
      <TopBar />
      <Sidebar isDrawer={isDrawer} />
      <div className={styles['sheet']}>
        <OfflineBar />
        <main id="main" className={styles['main']} tabIndex={-1}>
          <Outlet />
        </main>
      </div>
      <BottomBar />
      <Suspense fallback={null}>
        {palette && <Palette start={palette.text} />}
        {create && <CreateDialog start={create} />}
        {help && <Help />}
      </Suspense>
      <Toasts />
    </div>
  );
}
