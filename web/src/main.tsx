import './styles/index.css';
import { CSPProvider } from '@base-ui/react/csp-provider';
import { i18n } from '@lingui/core';
import { I18nProvider } from '@lingui/react';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { unauthorized } from './api/client.ts';
import { session } from './api/session.ts';
import { display } from './lib/display.ts';
import { activateLanguage } from './lib/i18n.ts';
import { listen } from './lib/shortcuts.ts';
import { router } from './routes.tsx';
import { queryClient } from './store/queries.ts';
import { TooltipLayer } from './ui/Tooltip.tsx';

async function start(): Promise<void> {
  await activateLanguage(display.get().language);
  display.subscribe(() => void activateLanguage(display.get().language));
  listen();
  unauthorized.subscribe(() => {
    if (!session.get()) return;
    session.set(null);
    void router.navigate({ to: '/login', search: { next: location.pathname + location.search } });
  });
  const root = document.getElementById('root');
  if (!root) throw new Error('the page has no root');
  createRoot(root).render(
    <StrictMode>
      <I18nProvider i18n={i18n}>
        <CSPProvider disableStyleElements>
          <QueryClientProvider client={queryClient}>
            <RouterProvider router={router} />
            <TooltipLayer />
          </QueryClientProvider>
        </CSPProvider>
      </I18nProvider>
    </StrictMode>,
  );
}

void start();
