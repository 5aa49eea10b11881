import { useLingui } from '@lingui/react/macro';
import { Link, useParams, useRouterState } from '@tanstack/react-router';
import { ChevronDown, Plus } from 'lucide-react';
import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { session } from '~/api/session.ts';
import { remember, remembered } from '~/lib/storage.ts';
import { useWorkspace } from '~/lib/use-workspace.ts';
import { useEntity } from '~/store/hooks.ts';
import { useFavorites, useProjects } from '~/store/lists.ts';
import { IconButton } from '~/ui/Button.tsx';
import { Swatch } from '~/ui/Pill.tsx';
import { AccountMenu } from './AccountMenu.tsx';
import { DESTINATIONS, type Destination } from './navigation.ts';
import styles from './Sidebar.module.css';
import { drawerOpen } from './shell-state.ts';

const NewProject = lazy(() => import('./NewProject.tsx').then((module) => ({ default: module.NewProject })));

export function Sidebar({ isDrawer }: { isDrawer: boolean }) {
  const { t } = useLingui();
  const ws = useWorkspace();
  const projects = useProjects(ws);
  const favorites = useFavorites(ws);
  const [isCreating, setCreating] = useState(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the drawer
  useEffect(() => drawerOpen.set(false), [path]);
  const insights = DESTINATIONS.filter((place) => place.group === 'insights');
  return (
    <>
      {isDrawer && (
        <button
          type="button"
          className={styles['scrim']}
          aria-label={t`Close navigation`}
          onClick={() => drawerOpen.set(false)}
        />
      )}
      <nav className={styles['sidebar']} data-drawer={isDrawer || undefined} aria-label={t`Main`}>
        {isDrawer && (
          <div className={styles['account']}>
            <AccountMenu />
            <span className="truncate">{session.get()?.user.name}</span>
          </div>
        )}
        <ul>
          {DESTINATIONS.filter((place) => place.group === 'main').map((place) => (
            <li key={place.id}>
              <NavItem place={place} ws={ws} />
            </li>
          ))}
        </ul>
        {insights.length > 0 && (
          <Group id="insights" title={t`Insights`}>
            {insights.map((place) => (
              <li key={place.id}>
                <NavItem place={place} ws={ws} />
              </li>
            ))}
          </Group>
        )}
        {(favorites.gids?.length ?? 0) > 0 && (
          <Group id="starred" title={t`Starred`}>
            {favorites.gids?.map((gid) => (
              <ProjectItem key={gid} gid={gid} ws={ws} />
            ))}
          </Group>
        )}
        <Group
          id="projects"
          title={t`Projects`}
          action={<IconButton size="sm" label={t`New project`} icon={<Plus />} onClick={() => setCreating(true)} />}
        >
          {projects.gids?.map((gid) => (
            <ProjectItem key={gid} gid={gid} ws={ws} />
          ))}
        </Group>
      </nav>
      {isCreating && (
        <Suspense fallback={null}>
          <NewProject ws={ws} onClose={() => setCreating(false)} />
        </Suspense>
      )}
    </>
  );
}

function NavItem({ place, ws }: { place: Destination; ws: string }) {
  const { i18n } = useLingui();
  const Icon = place.icon;
  return (
    <Link to={`/1/${ws}/${place.path}` as never} className={styles['item']} activeProps={{ 'aria-current': 'page' }}>
      <Icon aria-hidden="true" />
      <span className="truncate">{i18n._(place.label)}</span>
    </Link>
  );
}

function ProjectItem({ gid, ws }: { gid: string; ws: string }) {
  const project = useEntity('project', gid);
  const { project: current } = useParams({ strict: false }) as { project?: string };
  if (!project || project.archived) return null;
  return (
    <li>
      <Link
        to="/1/$ws/project/$project"
        params={{ ws, project: gid }}
        className={styles['item']}
        aria-current={current === gid ? 'page' : undefined}
      >
        <Swatch color={project.color} />
        <span className="truncate">{project.name}</span>
      </Link>
    </li>
  );
}

function Group({
  id,
  title,
  action,
  children,
}: {
  id: string;
  title: string;
  action?: ReactNode;
  children: ReactNode;
}) {
  const [isOpen, setOpen] = useState(remembered(`sidebar.${id}`, true));
  return (
    <section className={styles['group']}>
      <div className={styles['head']}>
        <h2>
          <button
            type="button"
            aria-expanded={isOpen}
            onClick={() => {
              setOpen(!isOpen);
              remember(`sidebar.${id}`, !isOpen);
            }}
          >
            {title}
            <ChevronDown aria-hidden="true" />
          </button>
        </h2>
        {action}
      </div>
      {isOpen && <ul>{children}</ul>}
    </section>
  );
}
