import { i18n } from '@lingui/core';

const catalogs: Record<string, () => Promise<{ messages: Record<string, string> }>> = {
  en: () => import('~/locales/en.ts') as never,
};

/** The languages in which the application is complete, by their own names. */
export const LANGUAGES: readonly { id: string; name: string }[] = [{ id: 'en', name: 'English' }];

export async function activateLanguage(language: string): Promise<void> {
  const id = catalogs[language] ? language : 'en';
  const catalog = await catalogs[id]?.();
  if (catalog) i18n.loadAndActivate({ locale: id, messages: catalog.messages as never });
}
