import { useLingui } from '@lingui/react/macro';
import { lazy, Suspense, useRef } from 'react';
import type { Gid } from '~/lib/id.ts';
import { mutate } from '~/mutations/mutate.ts';
import { updateTask } from '~/mutations/tasks.ts';
import type { Task } from '~/store/records.ts';
import styles from './TaskPane.module.css';

const Editor = lazy(() => import('~/richtext/Editor.tsx').then((module) => ({ default: module.Editor })));

/** The description: it is read and written in the same place, and saved when one leaves it. */
export function Description({
  ws,
  task,
  onFiles,
}: {
  ws: Gid;
  task: Task;
  onOpen: (gid: Gid) => void;
  onFiles: (files: File[]) => void;
}) {
  const { t } = useLingui();
  const saved = useRef(task.html_notes);
  saved.current = task.html_notes;
  return (
    <section className={styles['block']} aria-label={t`Description`}>
      <h3>{t`Description`}</h3>
      <div className={styles['description']}>
        {task.html_notes !== undefined && (
          <Suspense fallback={<div className={styles['wait']} />}>
            <Editor
              key={task.gid}
              ws={ws}
              label={t`Description`}
              placeholder={t`What is this about?`}
              value={task.html_notes}
              onFiles={onFiles}
              onBlur={(html) => {
                if (html !== saved.current)
                  void mutate(updateTask(task.gid, { html_notes: html }, t`Description changed`), {
                    isQuiet: true,
                  }).catch(() => undefined);
              }}
            />
          </Suspense>
        )}
      </div>
    </section>
  );
}
