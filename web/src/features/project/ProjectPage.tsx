import { useLingui } from '@lingui/react/macro';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { FolderKanban } from 'lucide-react';
import { lazy, Suspense, useCallback, useEffect } from 'react';
import { useShortcuts } from '~/lib/shortcuts.ts';
import { useTitle } from '~/lib/use-page.ts';
import { rememberRecent } from '~/shell/recent.ts';
import { useEntity } from '~/store/hooks.ts';
import { PROJECT_FIELDS, useRecordQuery } from '~/store/lists.ts';
import { useTopic } from '~/stream/stream.ts';
import { AvatarStack } from '~/ui/Avatar.tsx';
import { PageHead } from '~/ui/PageHead.tsx';
import { Tile } from '~/ui/Pill.tsx';
import { ErrorState, NotFound, Skeleton } from '~/ui/states.tsx';
import { tabClasses } from '~/ui/tab-classes.ts';
import styles from './ProjectPage.module.css';

import { VIEWS } from './views.ts';

const TaskPane = lazy(() => import('../task-pane/TaskPane.tsx').then((module) => ({ default: module.TaskPane })));

/** A project: its head, its views, and the open task beside them. */
export function ProjectPage() {
  const { t, i18n } = useLingui();
  const { ws = '', project: gid = '', view, task } = useParams({ strict: false }) as Record<string, string | undefined>;
  const navigate = useNavigate();
  const status = useRecordQuery('project', gid, `/projects/${gid}`, PROJECT_FIELDS);
  const project = useEntity('project', gid);
  useTitle(project?.name);
  useTopic(`project:${gid}`);
  useEffect(() => {
    if (project?.name) rememberRecent('project', gid, project.name);
  }, [gid, project?.name]);

  const shown =
    VIEWS.find((item) => item.id === view) ??
    (view ? undefined : (VIEWS.find((item) => item.id === project?.default_view) ?? VIEWS[0]));
  const openTask = useCallback(
    (next: string | null) => {
      const base = `/1/${ws}/project/${gid}${view ? `/${view}` : ''}`;
      void navigate({
        to: (next ? `${base}/task/${next}` : base) as never,
        search: (previous: object) => previous,
        replace: !!task && !!next,
      } as never);
    },
    [navigate, ws, gid, view, task],
  );
  const { focus } = useSearch({ strict: false }) as { focus?: string };
  const isFull = !!task && focus === 'true';
  const setFull = (next: boolean) =>
    void navigate({
      to: '.',
      search: (before: object) => ({ ...before, focus: next ? 'true' : undefined }),
      replace: true,
    } as never);
  useShortcuts(
    VIEWS.slice(0, 9).map((item, index) => ({
      id: `view-${item.id}`,
      label: t`View: ${i18n._(item.label)}`,
      group: t`Project`,
      keys: [String(index + 1)],
      run: () => void navigate({ to: `/1/${ws}/project/${gid}/${item.id}` as never }),
    })),
  );
  if (status.error && !project?.name) return <ErrorState error={status.error} onRetry={() => void status.refetch()} />;
  if (!project) return <Skeleton />;
  if (!shown) return <NotFound />;
  const Shown = shown.component;
  return (
    <div className={styles['page']}>
      <div className={styles['column']} hidden={isFull}>
        <PageHead
          title={project.name ?? ''}
          icon={
            <Tile color={project.color}>
              <FolderKanban />
            </Tile>
          }
          end={<AvatarStack people={project.members ?? []} />}
        />
        <nav className={tabClasses.list} aria-label={t`Views`}>
          {VIEWS.map((item) => (
            <Link
              key={item.id}
              to={`/1/${ws}/project/${gid}/${item.id}` as never}
              className={tabClasses.tab}
              aria-current={item === shown ? 'page' : undefined}
            >
              <item.icon aria-hidden="true" />
              {i18n._(item.label)}
            </Link>
          ))}
        </nav>
        <div className={styles['view']}>
          <Suspense fallback={<Skeleton />}>
            <Shown ws={ws} project={gid} openTask={openTask} open={task ?? null} />
          </Suspense>
        </div>
      </div>
      {task && (
        <Suspense fallback={null}>
          <TaskPane key={task} ws={ws} gid={task} onOpen={openTask} isFull={isFull} onFull={setFull} />
        </Suspense>
      )}
    </div>
  );
}
