import { useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { ApiError, api } from '~/api/client.ts';
import { OBJECT_COLORS } from '~/lib/colors.ts';
import type { Gid } from '~/lib/id.ts';
import { store } from '~/store/entity-store.ts';
import { ingest } from '~/store/ingest.ts';
import { changeOrder, placed } from '~/store/orders.ts';
import { Button } from '~/ui/Button.tsx';
import { Dialog } from '~/ui/Dialog.tsx';
import { Swatch } from '~/ui/Pill.tsx';
import { Select } from '~/ui/Select.tsx';
import { TextField } from '~/ui/TextField.tsx';
import styles from './NewProject.module.css';

const COLORS = OBJECT_COLORS.filter((color) => color.startsWith('dark-'));

export function NewProject({ ws, onClose }: { ws: Gid; onClose: () => void }) {
  const { t } = useLingui();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [color, setColor] = useState<string>(COLORS[5] ?? 'dark-teal');
  const [team, setTeam] = useState('');
  const [privacy, setPrivacy] = useState('public_to_workspace');
  const [error, setError] = useState('');
  const [isBusy, setBusy] = useState(false);
  const teams = useQuery({
    queryKey: ['own-teams', ws],
    queryFn: () =>
      api.get('/users/{user_gid}/teams', { path: { user_gid: 'me' }, query: { organization: ws } as never }),
  });
  const chosen = team || teams.data?.[0]?.gid || '';

  const create = async (event: FormEvent) => {
    event.preventDefault();
    if (!name.trim()) {
      setError(t`Give the project a name`);
      return;
    }
    setBusy(true);
    try {
      const at = store.now();
      const project = await api.post('/projects', {
        body: {
          name: name.trim(),
          color,
          workspace: ws,
          privacy_setting: privacy,
          ...(chosen ? { team: chosen } : {}),
        } as never,
      });
      ingest(store, project, at);
      changeOrder(`projects:${ws}`, (items) => placed(items, project.gid, 'start'));
      onClose();
      void navigate({ to: '/1/$ws/project/$project', params: { ws, project: project.gid } });
    } catch (reason) {
      setError(reason instanceof ApiError ? reason.message : String(reason));
      setBusy(false);
    }
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t`New project`}
      size="sm"
      actions={
        <>
          <Button onClick={onClose}>{t`Cancel`}</Button>
          <Button kind="primary" type="submit" form="new-project" isBusy={isBusy}>
            {t`Create project`}
          </Button>
        </>
      }
    >
      <form id="new-project" className={styles['form']} onSubmit={(event) => void create(event)}>
        <TextField
          label={t`Name`}
          value={name}
          error={error || undefined}
          onChange={(event) => setName(event.target.value)}
          autoFocus
          autoComplete="off"
        />
        <fieldset className={styles['colors']}>
          <legend>{t`Color`}</legend>
          {COLORS.map((option) => (
            <label key={option}>
              <input
                type="radio"
                name="color"
                checked={option === color}
                onChange={() => setColor(option)}
                aria-label={option.replace('dark-', '').replace('-', ' ')}
              />
              <Swatch color={option} />
            </label>
          ))}
        </fieldset>
        {(teams.data?.length ?? 0) > 0 && (
          <Select
            label={t`Team`}
            value={chosen}
            onChange={setTeam}
            options={(teams.data ?? []).map((item) => ({ value: item.gid, label: item.name ?? '' }))}
          />
        )}
        <Select
          label={t`Who sees it`}
          value={privacy}
          onChange={setPrivacy}
          options={[
            { value: 'public_to_workspace', label: t`Everybody in the workspace` },
            { value: 'private', label: t`Only people who are invited` },
          ]}
        />
      </form>
    </Dialog>
  );
}
