import { useLingui } from '@lingui/react/macro';
import { useNavigate, useParams } from '@tanstack/react-router';
import { CalendarDays, FolderKanban, X } from 'lucide-react';
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { me } from '~/api/session.ts';
import { datesLabel, dayOf } from '~/lib/dates.ts';
import { useWorkspace } from '~/lib/use-workspace.ts';
import { mutate } from '~/mutations/mutate.ts';
import { createTask } from '~/mutations/tasks.ts';
import { store } from '~/store/entity-store.ts';
import { useEntity } from '~/store/hooks.ts';
import { useProjects, useUsers } from '~/store/lists.ts';
import { Avatar } from '~/ui/Avatar.tsx';
import { Button, IconButton } from '~/ui/Button.tsx';
import { Checkbox } from '~/ui/Checkbox.tsx';
import { Picker } from '~/ui/Combobox.tsx';
import { DateField } from '~/ui/DateField.tsx';
import { Swatch } from '~/ui/Pill.tsx';
import { toast } from '~/ui/toasts.ts';
import styles from './CreateDialog.module.css';
import { type CreateStart, createOpen } from './shell-state.ts';

/** A small window in the corner that stays while one moves about. */
export function CreateDialog({ start }: { start: CreateStart }) {
  const { t } = useLingui();
  const ws = useWorkspace();
  const navigate = useNavigate();
  const { project: shown } = useParams({ strict: false }) as { project?: string };
  const titleId = useId();
  const nameBox = useRef<HTMLInputElement>(null);
  const [name, setName] = useState('');
  const [notes, setNotes] = useState('');
  const [projectGid, setProject] = useState(start.project === undefined ? (shown ?? null) : start.project);
  const [assignee, setAssignee] = useState<{ gid: string; name?: string | undefined } | null>(
    start.assignee === undefined ? (projectGid ? null : { gid: me().user.gid, name: me().user.name }) : start.assignee,
  );
  const [due, setDue] = useState<string | null>(null);
  const [isSeries, setSeries] = useState(false);
  const project = useEntity('project', projectGid);
  const projects = useProjects(ws).gids ?? [];
  const users = useUsers(ws).gids ?? [];
  const opener = useRef<Element | null>(null);

  useEffect(() => {
    opener.current = document.activeElement;
    nameBox.current?.focus();
    return () => {
      if (opener.current instanceof HTMLElement) opener.current.focus();
    };
  }, []);

  const close = () => createOpen.set(false);
  const create = () => {
    const text = name.trim();
    if (!text) {
      nameBox.current?.focus();
      return;
    }
    const task = createTask({
      name: text,
      workspace: ws,
      project: projectGid,
      section: start.section ?? null,
      assignee,
      due_on: due,
      ...(notes.trim() ? { notes: notes.trim() } : {}),
    } as never);
    mutate(task, { isQuiet: true })
      .then(() => {
        const gid = store.resolve(task.gid);
        toast({
          text: t`“${text}” created`,
          action: { label: t`Open`, run: () => void navigate({ href: `/0/0/${gid}` }) },
        });
      })
      .catch(() => undefined);
    setName('');
    setNotes('');
    if (isSeries) nameBox.current?.focus();
    else close();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      close();
    } else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      create();
    }
  };
  return (
    <section role="dialog" aria-labelledby={titleId} className={styles['window']} onKeyDown={onKeyDown}>
      <header className={styles['head']}>
        <h2 id={titleId}>{t`New task`}</h2>
        <IconButton isPlain size="sm" label={t`Close`} icon={<X />} onClick={close} />
      </header>
      <input
        ref={nameBox}
        className={styles['name']}
        aria-label={t`Task name`}
        placeholder={t`What needs doing?`}
        value={name}
        onChange={(event) => setName(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
            event.preventDefault();
            create();
          }
        }}
      />
      <div className={styles['facts']}>
        <Picker
          label={t`Assignee`}
          value={assignee?.gid ?? null}
          options={users.flatMap((gid) => {
            const user = store.get('user', gid);
            return user
              ? [
                  {
                    value: gid,
                    label: user.name ?? '',
                    icon: <Avatar gid={gid} name={user.name} size={20} isDecorative />,
                  },
                ]
              : [];
          })}
          onPick={(gid) => setAssignee(gid === assignee?.gid ? null : { gid, name: store.get('user', gid)?.name })}
          trigger={
            <Button size="sm" icon={<Avatar gid={assignee?.gid} name={assignee?.name} size={20} isDecorative />}>
              {assignee?.name ?? t`Assignee`}
            </Button>
          }
        />
        <Picker
          label={t`Project`}
          value={projectGid}
          options={projects.flatMap((gid) => {
            const item = store.get('project', gid);
            return item ? [{ value: gid, label: item.name ?? '', icon: <Swatch color={item.color} /> }] : [];
          })}
          onPick={(gid) => setProject(gid === projectGid ? null : gid)}
          trigger={
            <Button
              size="sm"
              icon={project ? <Swatch color={project.color} /> : <FolderKanban />}
              className={styles['project'] ?? ''}
            >
              <span className="truncate">{project?.name ?? t`Project`}</span>
            </Button>
          }
        />
        <DateField
          value={{ start: null, due: dayOf(due) }}
          onChange={(dates) => setDue(dates.due?.toString() ?? null)}
          trigger={
            <Button size="sm" icon={<CalendarDays />}>
              {due ? datesLabel({ due_on: due }) : t`Due date`}
            </Button>
          }
        />
      </div>
      <textarea
        className={styles['notes']}
        aria-label={t`Description`}
        placeholder={t`Description`}
        rows={4}
        value={notes}
        onChange={(event) => setNotes(event.target.value)}
      />
      <footer className={styles['foot']}>
        <Checkbox label={t`Create another`} checked={isSeries} onChange={setSeries} />
        <Button kind="primary" onClick={create}>
          {t`Create task`}
        </Button>
      </footer>
    </section>
  );
}
