import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { me, readSession, readSetUp } from './api/session.ts';
import { remembered } from './lib/storage.ts';
import { resolvePermalink } from './shell/permalinks.ts';
import { Shell } from './shell/Shell.tsx';
import { ErrorState, NotFound, Skeleton } from './ui/states.tsx';

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: NotFound,
  errorComponent: ({ error, reset }) => <ErrorState error={error} onRetry={reset} />,
});

/** Search parameters as plain strings: `sort=due_on`, never quoted JSON. */
type Search = Record<string, string | undefined>;

function strings<K extends string>(...names: K[]) {
  return (search: Record<string, unknown>): { [N in K]?: string } =>
    Object.fromEntries(
      names.flatMap((name) =>
        search[name] === undefined || search[name] === null ? [] : [[name, String(search[name])]],
      ),
    ) as { [N in K]?: string };
}

// --- outside the shell ---

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: strings('next'),
  beforeLoad: async () => {
    if (await readSession()) throw redirect({ to: '/', replace: true });
    const { needed } = await readSetUp().catch(() => ({ needed: false }));
    if (needed) throw redirect({ to: '/setup', search: {}, replace: true });
  },
  component: lazyRouteComponent(() => import('./features/auth/SignIn.tsx'), 'SignIn'),
});

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  validateSearch: strings('token'),
  beforeLoad: async () => {
    const { needed } = await readSetUp().catch(() => ({ needed: false }));
    if (!needed) throw redirect({ to: '/login', search: {}, replace: true });
  },
  component: lazyRouteComponent(() => import('./features/auth/SetUp.tsx'), 'SetUp'),
});

const invite = createRoute({
  getParentRoute: () => root,
  path: '/invite/$token',
  component: lazyRouteComponent(() => import('./features/auth/Invite.tsx'), 'Invite'),
});

const forgot = createRoute({
  getParentRoute: () => root,
  path: '/reset',
  component: lazyRouteComponent(() => import('./features/auth/Reset.tsx'), 'Forgot'),
});

const reset = createRoute({
  getParentRoute: () => root,
  path: '/reset/$token',
  component: lazyRouteComponent(() => import('./features/auth/Reset.tsx'), 'Reset'),
});

// --- the shell ---

const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  beforeLoad: async ({ location }) => {
    if (!(await readSession())) {
      const next = location.pathname === '/' ? undefined : location.href;
      throw redirect({ to: '/login', search: { ...(next ? { next } : {}) } });
    }
  },
  component: Shell,
});

const start = createRoute({
  getParentRoute: () => shell,
  path: '/',
  beforeLoad: () => {
    const workspaces = me().workspaces;
    const last = remembered<string>('workspace', '');
    const workspace = workspaces.find((other) => other.gid === last) ?? workspaces[0];
    if (workspace) throw redirect({ to: '/1/$ws/projects', params: { ws: workspace.gid }, replace: true });
  },
  component: NotFound,
});

const projects = createRoute({
  getParentRoute: () => shell,
  path: '/1/$ws/projects',
  component: lazyRouteComponent(() => import('./features/projects/Projects.tsx'), 'Projects'),
});

const settings = createRoute({
  getParentRoute: () => shell,
  path: '/1/$ws/settings/$tab',
  component: lazyRouteComponent(() => import('./features/settings/Settings.tsx'), 'Settings'),
});

const viewSearch = strings('filter', 'sort', 'group', 'q', 'completed', 'focus');

/** A project with its views; the task pane is a child, so that opening a task keeps the view as it is. */
const project = createRoute({
  getParentRoute: () => shell,
  path: '/1/$ws/project/$project',
  validateSearch: viewSearch,
  component: lazyRouteComponent(() => import('./features/project/ProjectPage.tsx'), 'ProjectPage'),
});
const projectStart = createRoute({ getParentRoute: () => project, path: '/' });
const projectTask = createRoute({ getParentRoute: () => project, path: '/task/$task' });
const projectView = createRoute({ getParentRoute: () => project, path: '/$view' });
const projectViewTask = createRoute({ getParentRoute: () => project, path: '/$view/task/$task' });

const task = createRoute({
  getParentRoute: () => shell,
  path: '/1/$ws/task/$task',
  component: lazyRouteComponent(() => import('./features/task-pane/TaskPage.tsx'), 'TaskPage'),
});

// --- addresses of before ---

const permalink = createRoute({
  getParentRoute: () => shell,
  path: '/0/$',
  loader: async ({ params, location }) => {
    const href = await resolvePermalink(params._splat ?? '');
    if (href) throw redirect({ href: href + (location.hash ? `#${location.hash}` : ''), replace: true });
  },
  pendingComponent: Skeleton,
  component: NotFound,
});

const tree = root.addChildren([
  login,
  setup,
  invite,
  forgot,
  reset,
  shell.addChildren([
    start,
    projects,
    settings,
    project.addChildren([projectStart, projectTask, projectView, projectViewTask]),
    task,
    permalink,
  ]),
]);

export const router = createRouter({
  routeTree: tree,
  defaultPreload: 'intent',
  defaultPendingMs: 150,
  defaultPendingComponent: Skeleton,
  defaultErrorComponent: ({ error, reset: retry }) => <ErrorState error={error} onRetry={retry} />,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const pairs = Object.entries(search as Search).filter(
      (pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '',
    );
    const text = new URLSearchParams(pairs).toString();
    return text ? `?${text}` : '';
  },
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
