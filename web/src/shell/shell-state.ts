import { Observable } from '~/lib/observable.ts';
import { remember, remembered } from '~/lib/storage.ts';

/** What of the shell is open. */
export const sidebarOpen = new Observable(remembered('sidebar', true));
export const drawerOpen = new Observable(false);
export const paletteOpen = new Observable<false | { text: string }>(false);
export const helpOpen = new Observable(false);
/** The create dialog, with what it starts with. */
export const createOpen = new Observable<false | CreateStart>(false);

export interface CreateStart {
  project?: string | null;
  section?: string | null;
  assignee?: { gid: string; name?: string | undefined } | null;
}

sidebarOpen.subscribe(() => remember('sidebar', sidebarOpen.get()));

/** Below this width the sidebar is a drawer. */
export const DRAWER_WIDTH = 1024;

export function toggleSidebar(): void {
  if (innerWidth < DRAWER_WIDTH) drawerOpen.set(!drawerOpen.get());
  else sidebarOpen.set(!sidebarOpen.get());
}
