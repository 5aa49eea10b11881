import { Observable } from './observable.ts';
import { remember, remembered } from './storage.ts';

/** How this person wants to see the application. Kept in the browser for the first paint, on the server for good. */
export interface Display {
  theme: 'light' | 'dark' | 'system';
  density: 'comfortable' | 'compact';
  language: string;
  /** 0 Sunday to 6 Saturday; undefined is the habit of the language. */
  firstWeekday?: number | undefined;
}

const DEFAULTS: Display = { theme: 'system', density: 'comfortable', language: 'en' };

export const display = new Observable<Display>({ ...DEFAULTS, ...remembered<Partial<Display>>('display', {}) });

export function changeDisplay(change: Partial<Display>): void {
  const next = { ...display.get(), ...change };
  display.set(next);
  remember('display', next);
  const root = document.documentElement;
  if (next.theme === 'system') delete root.dataset['theme'];
  else root.dataset['theme'] = next.theme;
  root.dataset['density'] = next.density;
  root.lang = next.language;
}
