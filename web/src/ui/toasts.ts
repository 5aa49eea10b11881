import { randomToken } from '~/lib/id.ts';
import { Observable } from '~/lib/observable.ts';

export interface ToastMessage {
  id: string;
  kind: 'done' | 'error' | 'plain';
  text: string;
  action?: { label: string; run: () => void } | undefined;
}

/** What is shown now, the newest last. `Toasts` shows it. */
export const toasts = new Observable<readonly ToastMessage[]>([]);

/** At most so many at a time: an older one makes room. */
const MOST = 3;

/** Says that something happened, in a corner and to screen readers. */
export function toast(message: { text: string; kind?: ToastMessage['kind']; action?: ToastMessage['action'] }): string {
  const added: ToastMessage = { kind: 'done', ...message, id: randomToken() };
  toasts.set([...toasts.get().slice(1 - MOST), added]);
  return added.id;
}

export function dismissToast(id: string): void {
  toasts.set(toasts.get().filter((message) => message.id !== id));
}
