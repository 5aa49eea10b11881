import { Dialog } from '@base-ui/react/dialog';
import { useLingui } from '@lingui/react/macro';
import { useNavigate } from '@tanstack/react-router';
import { Circle, CircleCheck, Command as CommandIcon, Search } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useDeferredValue, useEffect, useId, useMemo, useState } from 'react';
import { request } from '~/api/client.ts';
import type { Gid } from '~/lib/id.ts';
import { type Command, useCommands } from '~/lib/shortcuts.ts';
import { remembered } from '~/lib/storage.ts';
import { useWorkspace } from '~/lib/use-workspace.ts';
import { store } from '~/store/entity-store.ts';
import { ingestList } from '~/store/ingest.ts';
import { useFavorites, useProjects, useUsers } from '~/store/lists.ts';
import { Avatar } from '~/ui/Avatar.tsx';
import { Kbd } from '~/ui/Kbd.tsx';
import { Swatch } from '~/ui/Pill.tsx';
import styles from './Palette.module.css';
import type { Recent } from './recent.ts';
import { paletteOpen } from './shell-state.ts';

interface Hit {
  id: string;
  group: string;
  label: string;
  icon: ReactNode;
  context?: string | undefined;
  keys?: string | undefined;
  run: () => void;
}

/** How many of each kind are shown. */
const MOST = 6;

/** The words in their order, the start of a word first. 0 is no match. */
function score(text: string, needle: string): number {
  const haystack = text.toLocaleLowerCase();
  if (haystack.startsWith(needle)) return 3;
  if (haystack.includes(` ${needle}`)) return 2;
  return haystack.includes(needle) || needle.split(' ').every((word) => haystack.includes(word)) ? 1 : 0;
}

/** Tasks found by the server; kept while the next answer is on its way. */
function useTypeahead(ws: Gid, text: string): readonly Gid[] {
  const [gids, setGids] = useState<readonly Gid[]>([]);
  useEffect(() => {
    if (text.length < 2) {
      setGids([]);
      return;
    }
    const control = new AbortController();
    const timer = setTimeout(() => {
      const at = store.now();
      request<{ data: unknown[] }>('GET', `/workspaces/${ws}/typeahead`, {
        query: { resource_type: 'task', query: text, count: 10, opt_fields: 'name,completed,memberships.project.name' },
        signal: control.signal,
      })
        .then(({ data }) => setGids(ingestList(store, data, at)))
        .catch(() => undefined);
    }, 120);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [ws, text]);
  return gids;
}

/** One box for everything: things by name, people, commands. */
export function Palette({ start }: { start: string }) {
  const { t } = useLingui();
  const ws = useWorkspace();
  const navigate = useNavigate();
  const id = useId();
  const commands = useCommands();
  const [text, setText] = useState(start);
  const [active, setActive] = useState(0);
  const query = useDeferredValue(text);
  const prefix = /^[>@#]/.exec(query)?.[0] ?? '';
  const needle = query.slice(prefix.length).trim().toLocaleLowerCase();
  const found = useTypeahead(ws, prefix ? '' : needle);
  const projects = useProjects(ws).gids;
  const favorites = useFavorites(ws).gids;
  const users = useUsers(prefix === '@' ? ws : null).gids;

  const close = () => paletteOpen.set(false);
  const hits = useMemo(() => {
    const list: Hit[] = [];
    const openTask = (gid: Gid) => void navigate({ href: `/0/0/${gid}` });
    const openProject = (gid: Gid) => void navigate({ to: '/1/$ws/project/$project', params: { ws, project: gid } });
    const byScore = <T,>(items: readonly T[], name: (item: T) => string): T[] =>
      items
        .map((item) => ({ item, value: needle ? score(name(item), needle) : 1 }))
        .filter((pair) => pair.value > 0)
        .sort((a, b) => b.value - a.value)
        .map((pair) => pair.item);

    if (!prefix && !needle) {
      for (const item of remembered<Recent[]>('recent', [])) {
        const project = item.kind === 'project' ? store.get('project', item.gid) : undefined;
        list.push({
          id: `recent-${item.gid}`,
          group: t`Recent`,
          label: item.name,
          icon: item.kind === 'project' ? <Swatch color={project?.color} /> : <Circle />,
          run: () => (item.kind === 'project' ? openProject(item.gid) : openTask(item.gid)),
        });
      }
    }
    if (!prefix) {
      for (const gid of found) {
        const task = store.get('task', gid);
        if (!task) continue;
        list.push({
          id: gid,
          group: t`Tasks`,
          label: task.name || t`Unnamed task`,
          icon: task.completed ? <CircleCheck className={styles['done']} /> : <Circle />,
          context: task.memberships?.[0]?.project?.name,
          run: () => openTask(gid),
        });
      }
    }
    if (prefix === '#' || (!prefix && needle)) {
      const all = [...new Set([...(favorites ?? []), ...(projects ?? [])])];
      const named = all.flatMap((gid) => store.get('project', gid) ?? []);
      for (const project of byScore(named, (item) => item.name ?? '').slice(0, prefix ? 20 : MOST)) {
        list.push({
          id: project.gid,
          group: t`Projects`,
          label: project.name ?? '',
          icon: <Swatch color={project.color} />,
          context: project.team?.name,
          run: () => openProject(project.gid),
        });
      }
    }
    if (prefix === '@') {
      const named = (users ?? []).flatMap((gid) => store.get('user', gid) ?? []);
      for (const user of byScore(named, (item) => item.name ?? '').slice(0, 20)) {
        list.push({
          id: user.gid,
          group: t`People`,
          label: user.name ?? '',
          icon: <Avatar gid={user.gid} name={user.name} size={20} isDecorative />,
          context: user.email ?? undefined,
          run: () => setText(''),
        });
      }
    }
    if (prefix === '>' || !prefix) {
      const visible = commands.filter((command) => !command.hidden);
      for (const command of byScore<Command>(visible, (item) => item.label).slice(0, prefix ? 40 : MOST)) {
        list.push({
          id: `command-${command.id}`,
          group: needle || prefix ? t`Commands` : t`Suggested`,
          label: command.label,
          icon: <CommandIcon />,
          keys: command.keys?.[0],
          run: command.run,
        });
      }
    }
    return list;
  }, [prefix, needle, found, projects, favorites, users, commands, ws, navigate, t]);

  const current = Math.min(active, Math.max(0, hits.length - 1));
  const choose = (hit: Hit | undefined) => {
    if (!hit) return;
    close();
    // The command may open something that takes the focus: the palette gives it back first.
    setTimeout(hit.run, 0);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      setActive((current + step + hits.length) % Math.max(1, hits.length));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      choose(hits[current]);
    }
  };
  const groups = [...new Set(hits.map((hit) => hit.group))];
  return (
    <Dialog.Root open onOpenChange={(open) => !open && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles['scrim']} />
        <Dialog.Popup className={styles['palette']} aria-label={t`Search and commands`}>
          <div className={styles['field']}>
            <Search aria-hidden="true" />
            <input
              role="combobox"
              aria-label={t`Search or type a command`}
              aria-expanded="true"
              aria-controls={id}
              aria-activedescendant={hits[current] ? `${id}-${current}` : undefined}
              autoComplete="off"
              placeholder={t`Search or type a command`}
              value={text}
              onChange={(event) => {
                setText(event.target.value);
                setActive(0);
              }}
              onKeyDown={onKeyDown}
            />
            <Kbd keys="Escape" />
          </div>
          <div id={id} role="listbox" aria-label={t`Results`} className={styles['body']}>
            {groups.map((group) => (
              <div key={group} role="group" aria-label={group}>
                <div className={styles['label']} aria-hidden="true">
                  {group}
                </div>
                {hits.map((hit, index) =>
                  hit.group === group ? (
                    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are handled by the box
                    // biome-ignore lint/a11y/useFocusableInteractive: the box keeps the focus
                    <div
                      key={hit.id}
                      id={`${id}-${index}`}
                      role="option"
                      aria-selected={index === current}
                      className={styles['hit']}
                      onClick={() => choose(hit)}
                      onPointerMove={() => setActive(index)}
                    >
                      {hit.icon}
                      <span className="truncate">
                        <Marked text={hit.label} needle={needle} />
                      </span>
                      {hit.context && <span className={styles['context']}>{hit.context}</span>}
                      <span className={styles['end']}>
                        {index === current ? <Kbd keys="Enter" /> : hit.keys && <Kbd keys={hit.keys} />}
                      </span>
                    </div>
                  ) : null,
                )}
              </div>
            ))}
            {hits.length === 0 && <p className={styles['none']}>{t`Nothing found for “${text}”`}</p>}
          </div>
          <footer className={styles['foot']} aria-hidden="true">
            <span>
              <Kbd keys="ArrowUp" /> <Kbd keys="ArrowDown" /> {t`move`}
            </span>
            <span>
              <kbd>&gt;</kbd> {t`commands`}
            </span>
            <span>
              <kbd>@</kbd> {t`people`}
            </span>
            <span>
              <kbd>#</kbd> {t`projects`}
            </span>
          </footer>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Marked({ text, needle }: { text: string; needle: string }) {
  const index = needle ? text.toLocaleLowerCase().indexOf(needle) : -1;
  if (index < 0) return text;
  return (
    <>
      {text.slice(0, index)}
      <mark>{text.slice(index, index + needle.length)}</mark>
      {text.slice(index + needle.length)}
    </>
  );
}
