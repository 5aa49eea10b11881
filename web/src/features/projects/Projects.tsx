import { useLingui } from '@lingui/react/macro';
import { Link } from '@tanstack/react-router';
import { FolderKanban, Plus } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { dayOfMoment } from '~/lib/dates.ts';
import { formatDate } from '~/lib/locale.ts';
import { useTitle } from '~/lib/use-page.ts';
import { useWorkspace } from '~/lib/use-workspace.ts';
import { useEntity } from '~/store/hooks.ts';
import { useProjects } from '~/store/lists.ts';
import { Person } from '~/ui/Avatar.tsx';
import { Button } from '~/ui/Button.tsx';
import { PageHead } from '~/ui/PageHead.tsx';
import { Tile } from '~/ui/Pill.tsx';
import { EmptyState, ErrorState, Skeleton } from '~/ui/states.tsx';
import styles from './Projects.module.css';

const NewProject = lazy(() => import('~/shell/NewProject.tsx').then((module) => ({ default: module.NewProject })));

/** Every project of the workspace that one sees. */
export function Projects() {
  const { t } = useLingui();
  const ws = useWorkspace();
  const { gids, isLoading, error, refetch } = useProjects(ws);
  const [isCreating, setCreating] = useState(false);
  useTitle(t`Projects`);
  const add = (
    <Button icon={<Plus />} onClick={() => setCreating(true)}>
      {t`New project`}
    </Button>
  );
  return (
    <>
      <PageHead title={t`Projects`} end={add} />
      {error && <ErrorState error={error} onRetry={() => void refetch()} />}
      {isLoading && <Skeleton />}
      {gids?.length === 0 && (
        <EmptyState title={t`No projects yet`} text={t`A project holds the tasks of one piece of work.`} action={add} />
      )}
      {gids && gids.length > 0 && (
        <ul className={styles['list']}>
          {gids.map((gid) => (
            <Row key={gid} gid={gid} ws={ws} />
          ))}
        </ul>
      )}
      {isCreating && (
        <Suspense fallback={null}>
          <NewProject ws={ws} onClose={() => setCreating(false)} />
        </Suspense>
      )}
    </>
  );
}

function Row({ gid, ws }: { gid: string; ws: string }) {
  const { t } = useLingui();
  const project = useEntity('project', gid);
  const changed = dayOfMoment(project?.modified_at);
  if (!project) return null;
  return (
    <li>
      <Link to="/1/$ws/project/$project" params={{ ws, project: gid }} className={styles['row']}>
        <Tile color={project.color} size={24}>
          <FolderKanban />
        </Tile>
        <span className={styles['name']}>{project.name}</span>
        <span className={styles['team']}>{project.team?.name}</span>
        <span className={styles['owner']}>{project.owner && <Person gid={project.owner.gid} hasName />}</span>
        <span className={styles['changed']}>{changed && t`Changed ${formatDate(changed)}`}</span>
      </Link>
    </li>
  );
}
