import type { MessageDescriptor } from '@lingui/core';
import { msg } from '@lingui/core/macro';
import { useLingui } from '@lingui/react/macro';
import { Link, useParams } from '@tanstack/react-router';
import { type ComponentType, lazy, Suspense } from 'react';
import { useTitle } from '~/lib/use-page.ts';
import { PageHead } from '~/ui/PageHead.tsx';
import { NotFound, Skeleton } from '~/ui/states.tsx';
import { tabClasses } from '~/ui/tab-classes.ts';
import styles from './Settings.module.css';

/** The tabs of the settings. Whoever builds one adds its line. */
const TABS: readonly { id: string; label: MessageDescriptor; component: ComponentType }[] = [
  {
    id: 'display',
    label: msg`Display`,
    component: lazy(() => import('./DisplayTab.tsx').then((module) => ({ default: module.DisplayTab }))),
  },
  {
    id: 'tokens',
    label: msg`Access tokens`,
    component: lazy(() => import('./TokensTab.tsx').then((module) => ({ default: module.TokensTab }))),
  },
  {
    id: 'sessions',
    label: msg`Sessions`,
    component: lazy(() => import('./SessionsTab.tsx').then((module) => ({ default: module.SessionsTab }))),
  },
];

export function Settings() {
  const { t, i18n } = useLingui();
  const { ws = '', tab } = useParams({ strict: false }) as { ws?: string; tab?: string };
  const shown = TABS.find((item) => item.id === tab);
  useTitle(t`Settings`);
  if (!shown) return <NotFound />;
  const Shown = shown.component;
  return (
    <>
      <PageHead title={t`Settings`} />
      <nav className={tabClasses.list} aria-label={t`Settings`}>
        {TABS.map((item) => (
          <Link
            key={item.id}
            to="/1/$ws/settings/$tab"
            params={{ ws, tab: item.id }}
            className={tabClasses.tab}
            aria-current={item === shown ? 'page' : undefined}
          >
            {i18n._(item.label)}
          </Link>
        ))}
      </nav>
      <div className={styles['body']}>
        <Suspense fallback={<Skeleton />}>
          <Shown />
        </Suspense>
      </div>
    </>
  );
}
