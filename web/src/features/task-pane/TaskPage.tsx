import { useLingui } from '@lingui/react/macro';
import { useNavigate, useParams, useRouter } from '@tanstack/react-router';
import { useTitle } from '~/lib/use-page.ts';
import { useEntity } from '~/store/hooks.ts';
import { TaskPane } from './TaskPane.tsx';

/** A task that fills the page. */
export function TaskPage() {
  const { t } = useLingui();
  const { ws = '', task = '' } = useParams({ strict: false }) as { ws?: string; task?: string };
  const navigate = useNavigate();
  const router = useRouter();
  const record = useEntity('task', task);
  useTitle(record?.name);
  const project = record?.memberships?.[0]?.project?.gid;
  const open = (gid: string | null) => {
    if (gid) void navigate({ to: '/1/$ws/task/$task', params: { ws, task: gid } });
    else if (project) void navigate({ to: '/1/$ws/project/$project', params: { ws, project } });
    else router.history.push('/');
  };
  return (
    <>
      <h1 className="sr">{record?.name ?? t`Task`}</h1>
      <TaskPane
        ws={ws}
        gid={task}
        onOpen={open}
        isFull
        onFull={() => project && void navigate({ to: `/1/${ws}/project/${project}/task/${task}` as never })}
      />
    </>
  );
}
