import { changeDisplay, type Display } from '~/lib/display.ts';
import { Observable } from '~/lib/observable.ts';
import { chords, singleKeys } from '~/lib/shortcuts.ts';
import { store } from '~/store/entity-store.ts';
import { ingest } from '~/store/ingest.ts';
import { ApiError, extension, setCsrfToken } from './client.ts';

/** What a person has set for themselves; kept on the server. */
export interface Preferences {
  theme?: Display['theme'] | null;
  density?: Display['density'] | null;
  language?: string | null;
  first_weekday?: 'monday' | 'saturday' | 'sunday' | null;
  shortcuts?: { chords: boolean; single_keys: boolean };
}

interface Named {
  gid: string;
  resource_type: string;
  name: string;
}

/** Who is signed in. */
export interface Session {
  csrf_token: string;
  user: Named & { email?: string; photo?: unknown };
  workspaces: readonly Named[];
  preferences: Preferences;
}

/** undefined: not asked yet; null: nobody is signed in. */
export const session = new Observable<Session | null | undefined>(undefined);

/** The signed-in person. Screens inside the shell are only shown when there is one. */
export function me(): Session {
  const current = session.get();
  if (!current) throw new Error('nobody is signed in');
  return current;
}

const WEEKDAYS = { sunday: 0, monday: 1, saturday: 6 } as const;

function begin(current: Session): Session {
  setCsrfToken(current.csrf_token);
  ingest(store, [current.user, current.workspaces], store.now());
  const { theme, density, language, first_weekday, shortcuts } = current.preferences;
  changeDisplay({
    ...(theme ? { theme } : {}),
    ...(density ? { density } : {}),
    ...(language ? { language } : {}),
    firstWeekday: first_weekday ? WEEKDAYS[first_weekday] : undefined,
  });
  singleKeys.set(shortcuts?.single_keys ?? true);
  chords.set(shortcuts?.chords ?? true);
  session.set(current);
  return current;
}

let reading: Promise<Session | null> | null = null;

/** Asks the server who is signed in, once for everybody who waits. */
export function readSession(): Promise<Session | null> {
  const known = session.get();
  if (known !== undefined) return Promise.resolve(known);
  reading ??= extension
    .get<Session>('/sessions/current')
    .then(begin)
    .catch((error: unknown) => {
      if (error instanceof ApiError && (error.status === 401 || error.isMissing)) {
        session.set(null);
        return null;
      }
      throw error;
    })
    .finally(() => {
      reading = null;
    });
  return reading;
}

export async function signIn(email: string, password: string): Promise<void> {
  begin(await extension.post<Session>('/sessions', { email, password }));
}

export async function signOut(): Promise<void> {
  await extension.delete('/sessions/current');
  // Everything that was loaded is forgotten with the page.
  location.assign('/login');
}

export interface SetUp {
  /** The secret of the link that the server printed at its start. */
  token: string;
  name: string;
  email: string;
  password: string;
  workspace_name: string;
}

/** Whether this instance has no administrator yet. */
export function readSetUp(): Promise<{ needed: boolean }> {
  return extension.get('/setup');
}

export async function setUp(values: SetUp): Promise<void> {
  begin(await extension.post<Session>('/setup', values));
}

export function invite(workspace: string, emails: readonly string[]): Promise<{ email: string; link?: string }[]> {
  return extension.post(`/workspaces/${workspace}/invitations`, { emails });
}

/** What a link invites to. */
export interface Invitation {
  workspace_name: string;
  email: string;
  inviter_name: string;
  /** Whether the address has no account: a name and a new password are asked. */
  needs_account: boolean;
}

export function lookUpInvitation(token: string): Promise<Invitation> {
  return extension.get('/invitations/lookup', { query: { token } });
}

export async function acceptInvitation(values: { token: string; password: string; name?: string }): Promise<void> {
  begin(await extension.post<Session>('/invitations/accept', values));
}

export async function requestPasswordReset(email: string): Promise<void> {
  await extension.post('/password_resets', { email });
}

/** Sets the new password, and signs in. */
export async function resetPassword(token: string, password: string): Promise<void> {
  begin(await extension.post<Session>('/password_resets/use', { token, password }));
}

/** Shows a change of the preferences at once and keeps it on the server. */
export async function savePreferences(change: Preferences): Promise<void> {
  const current = session.get();
  if (current) begin({ ...current, preferences: { ...current.preferences, ...change } });
  await extension.put('/preferences', change);
}
