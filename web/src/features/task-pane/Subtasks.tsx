import { useLingui } from '@lingui/react/macro';
import { Plus } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Due } from '~/grid/columns.tsx';
import { linesOf } from '~/grid/NameEditor.tsx';
import type { Gid } from '~/lib/id.ts';
import { isTemporary } from '~/lib/id.ts';
import { mutate } from '~/mutations/mutate.ts';
import { createTask, setCompleted } from '~/mutations/tasks.ts';
import { store } from '~/store/entity-store.ts';
import { TASK_FIELDS } from '~/store/fields.ts';
import { useComputed, useEntity, useOrderOrEmpty } from '~/store/hooks.ts';
import { useList } from '~/store/lists.ts';
import type { Task } from '~/store/records.ts';
import { Person } from '~/ui/Avatar.tsx';
import { IconButton } from '~/ui/Button.tsx';
import { CompleteButton } from '~/ui/CompleteButton.tsx';
import styles from './TaskPane.module.css';

interface SubtasksProps {
  ws: Gid;
  task: Task;
  onOpen: (gid: Gid) => void;
  isAdding: boolean;
  onAdding: (isAdding: boolean) => void;
}

export function Subtasks({ ws, task, onOpen, isAdding, onAdding }: SubtasksProps) {
  const { t } = useLingui();
  const has = (task.num_subtasks ?? 0) > 0;
  useList(has && !isTemporary(task.gid) ? `subtasks:${task.gid}` : null, `/tasks/${task.gid}/subtasks`, {
    opt_fields: TASK_FIELDS,
  });
  const gids = useOrderOrEmpty(`subtasks:${task.gid}`);
  const done = useComputed(() => gids.filter((gid) => store.get('task', gid)?.completed).length);
  const [text, setText] = useState('');
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (isAdding) input.current?.focus();
  }, [isAdding]);
  const add = (name: string) =>
    void mutate(createTask({ name, workspace: ws, parent: task.gid }), { isQuiet: true }).catch(() => undefined);
  if (gids.length === 0 && !isAdding) return null;
  return (
    <section className={styles['block']} aria-label={t`Subtasks`}>
      <div className={styles['blockHead']}>
        <h3>{t`Subtasks`}</h3>
        {gids.length > 0 && <span className={styles['count']}>{t`${done} of ${gids.length}`}</span>}
        <IconButton size="sm" label={t`Add subtask`} icon={<Plus />} onClick={() => onAdding(true)} />
      </div>
      <ul className={styles['subtasks']}>
        {gids.map((gid) => (
          <Row key={gid} gid={gid} onOpen={onOpen} />
        ))}
      </ul>
      {isAdding && (
        <input
          ref={input}
          className={styles['addInput']}
          aria-label={t`New subtask`}
          placeholder={t`Write a subtask`}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onPaste={(event) => {
            const lines = linesOf(event.clipboardData.getData('text/plain'));
            if (lines.length < 2 || text) return;
            event.preventDefault();
            for (const line of lines) add(line);
          }}
          onBlur={() => {
            if (text.trim()) add(text.trim());
            setText('');
            onAdding(false);
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter') {
              if (text.trim()) add(text.trim());
              else onAdding(false);
              setText('');
            } else if (event.key === 'Escape') {
              event.stopPropagation();
              setText('');
              onAdding(false);
            }
          }}
        />
      )}
    </section>
  );
}

function Row({ gid, onOpen }: { gid: Gid; onOpen: (gid: Gid) => void }) {
  const { t } = useLingui();
  const task = useEntity('task', gid);
  if (!task) return null;
  const name = task.name || t`Unnamed task`;
  return (
    <li className={styles['subtask']} data-done={task.completed || undefined}>
      <CompleteButton
        name={name}
        checked={task.completed ?? false}
        kind={task.resource_subtype}
        onToggle={() => void mutate(setCompleted(gid, !task.completed), { isQuiet: true }).catch(() => undefined)}
      />
      <button type="button" className={styles['linked']} onClick={() => onOpen(gid)}>
        {name}
      </button>
      {task.due_on && <Due task={task} />}
      {task.assignee && <Person gid={task.assignee.gid} />}
    </li>
  );
}
