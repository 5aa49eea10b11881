import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject } from 'vitest';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const url = inject('url');
export const PERSON = 'maren.okafor@tidewater.example';

let browser: Browser;
let signedIn: Awaited<ReturnType<BrowserContext['storageState']>> | undefined;

/** A browser for the file; call it at the top. */
export function withBrowser(): void {
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: FLAGS });
  });
  afterAll(() => browser.close());
}

export interface Look {
  isDark?: boolean;
  isNarrow?: boolean;
}

/** A page in a fresh profile. Errors of the page fail the test that asks for them with `problems`. */
export async function open(look: Look = {}, isSignedIn = true): Promise<{ page: Page; problems: string[] }> {
  const context = await browser.newContext({
    ...(isSignedIn && signedIn ? { storageState: signedIn } : {}),
    viewport: look.isNarrow ? { width: 360, height: 780 } : { width: 1280, height: 800 },
    colorScheme: look.isDark ? 'dark' : 'light',
    hasTouch: look.isNarrow ?? false,
    locale: 'en-GB',
    baseURL: url,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    // Only what the policy forbids and what React complains of; refused requests are part of tests.
    if (message.type() === 'error' && /Content Security|Warning:|hydrat/i.test(message.text()))
      problems.push(message.text());
  });
  if (isSignedIn && !signedIn) {
    await signIn(page);
    signedIn = await context.storageState();
  }
  return { page, problems };
}

export async function signIn(page: Page, email = PERSON, password = inject('password')): Promise<void> {
  await page.goto('/login');
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL((address) => !address.pathname.startsWith('/login'));
}

/** Waits until a name is being edited, so that what is typed next goes there. */
export async function editing(page: Page, name: string): Promise<void> {
  await page.waitForFunction((value) => {
    const field = document.activeElement;
    return (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) && field.value === value;
  }, name);
}

/** No violation of WCAG 2.2 A or AA. Focus guards of Base UI hand the focus on at once, so that they may be hidden. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run(
      { exclude: ['[data-base-ui-focus-guard]'] } as never,
      { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] },
    );
    return violations.map(
      (violation) => `${violation.id}: ${violation.nodes.map((node) => node.html.slice(0, 200)).join(' ')}`,
    );
  });
  expect(found).toEqual([]);
}

/** A request with the demo's token, to prepare and to look. */
export async function api<T = Record<string, unknown>>(method: string, path: string, data?: unknown): Promise<T> {
  const response = await fetch(`${url}/api/1.0${path}`, {
    method,
    headers: { Authorization: `Bearer ${inject('token')}`, 'Content-Type': 'application/json' },
    ...(data ? { body: JSON.stringify({ data }) } : {}),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { data: T }).data;
}

/** A project of its own with sections and tasks. */
export async function makeProject(
  name: string,
  sections: Record<string, string[]>,
): Promise<{ ws: string; gid: string; path: string }> {
  const workspace = (await api<{ gid: string }[]>('GET', '/workspaces'))[0]?.gid ?? '';
  const teams = await api<{ gid: string }[]>('GET', `/users/me/teams?organization=${workspace}`);
  const project = await api<{ gid: string }>('POST', '/projects', {
    name,
    workspace,
    team: teams[0]?.gid,
    default_view: 'list',
  });
  const before = await api<{ gid: string }[]>('GET', `/projects/${project.gid}/sections`);
  for (const [section, tasks] of Object.entries(sections)) {
    const made = await api<{ gid: string }>('POST', `/projects/${project.gid}/sections`, { name: section });
    // A new task stands on top.
    for (const task of [...tasks].reverse())
      await api('POST', '/tasks', {
        name: task,
        workspace,
        memberships: [{ project: project.gid, section: made.gid }],
      });
  }
  for (const section of before) await api('DELETE', `/sections/${section.gid}`);
  return { ws: workspace, gid: project.gid, path: `/1/${workspace}/project/${project.gid}/list` };
}
