import { ApiError, api } from '~/api/client.ts';
import { me } from '~/api/session.ts';

const VIEWS: ReadonlySet<string> = new Set([
  'overview',
  'list',
  'board',
  'timeline',
  'calendar',
  'dashboard',
  'workflow',
  'messages',
  'files',
]);

async function workspaceOf(kind: 'task' | 'project', gid: string): Promise<string | undefined> {
  try {
    const options = { query: { opt_fields: 'workspace' as never } };
    const found =
      kind === 'task'
        ? await api.get('/tasks/{task_gid}', { path: { task_gid: gid }, ...options })
        : await api.get('/projects/{project_gid}', { path: { project_gid: gid }, ...options });
    return found.workspace?.gid;
  } catch (error) {
    if (error instanceof ApiError && (error.isMissing || error.status === 400)) return undefined;
    throw error;
  }
}

/** The present address of an old one: `0/{project}/{task}`, `0/0/{task}/f`, `0/{project}/board`. Null when nothing is there. */
export async function resolvePermalink(path: string): Promise<string | null> {
  const parts = path.split('/').filter(Boolean);
  const focus = parts.at(-1) === 'f' ? '?focus=true' : '';
  const [first, second] = parts.filter((part) => part !== 'f');
  const home = me().workspaces[0]?.gid;
  if (!first || !home) return null;
  if (first === 'home' || first === 'inbox') return `/1/${second ?? home}/${first}`;
  if (first === 'resource') return second ? resolvePermalink(second) : null;
  const isView = second !== undefined && VIEWS.has(second);
  const project = first === '0' ? undefined : first;
  if (second && !isView) {
    const workspace = await workspaceOf('task', second);
    if (!workspace) return null;
    return project
      ? `/1/${workspace}/project/${project}/task/${second}${focus}`
      : `/1/${workspace}/task/${second}${focus}`;
  }
  const workspace = project ? await workspaceOf('project', project) : undefined;
  if (!workspace) return null;
  return `/1/${workspace}/project/${project}${isView ? `/${second}` : ''}`;
}
