import { useLingui } from '@lingui/react/macro';
import { datesLabel, daysOf, dueState } from '~/lib/dates.ts';
import { mutate } from '~/mutations/mutate.ts';
import { setCompleted, TASK_FIELDS } from '~/mutations/tasks.ts';
import { createOpen } from '~/shell/shell-state.ts';
import { useEntity } from '~/store/hooks.ts';
import { useList } from '~/store/lists.ts';
import { Person } from '~/ui/Avatar.tsx';
import { Button } from '~/ui/Button.tsx';
import { CompleteButton } from '~/ui/CompleteButton.tsx';
import { EmptyState, ErrorState, Skeleton } from '~/ui/states.tsx';
import type { ViewProps } from '../project/views.ts';
import styles from './ListView.module.css';

/** The tasks of a project, by section. */
export function ListView({ project }: ViewProps) {
  const { t } = useLingui();
  const sections = useList(`sections:${project}`, `/projects/${project}/sections`, { opt_fields: 'name' });
  if (sections.error) return <ErrorState error={sections.error} onRetry={() => void sections.refetch()} />;
  if (!sections.gids) return <Skeleton rows={12} />;
  if (sections.gids.length === 0) {
    return (
      <EmptyState
        title={t`No tasks yet`}
        action={<Button onClick={() => createOpen.set({ project })}>{t`Add task`}</Button>}
      />
    );
  }
  return (
    <div className={styles['scroll']}>
      {sections.gids.map((gid) => (
        <SectionRows key={gid} gid={gid} />
      ))}
    </div>
  );
}

function SectionRows({ gid }: { gid: string }) {
  const section = useEntity('section', gid);
  const tasks = useList(`section:${gid}`, `/sections/${gid}/tasks`, {
    completed_since: 'now',
    opt_fields: TASK_FIELDS,
  });
  return (
    <section aria-label={section?.name ?? ''}>
      <h2 className={styles['section']}>
        {section?.name} <span className={styles['count']}>{tasks.gids?.length}</span>
      </h2>
      {tasks.isLoading && <Skeleton rows={3} />}
      <ul>
        {tasks.gids?.map((task) => (
          <Row key={task} gid={task} />
        ))}
      </ul>
    </section>
  );
}

function Row({ gid }: { gid: string }) {
  const task = useEntity('task', gid);
  if (!task) return null;
  const { due } = daysOf(task);
  return (
    <li className={styles['row']} data-done={task.completed || undefined}>
      <CompleteButton
        name={task.name ?? ''}
        checked={task.completed ?? false}
        kind={task.resource_subtype}
        onToggle={() => void mutate(setCompleted(gid, !task.completed))}
      />
      <span className={styles['name']}>{task.name}</span>
      <Person gid={task.assignee?.gid} />
      <span className={styles['due']} data-state={due && !task.completed ? dueState(due) : undefined}>
        {datesLabel(task)}
      </span>
    </li>
  );
}
