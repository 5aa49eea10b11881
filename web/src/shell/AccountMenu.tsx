import { useLingui } from '@lingui/react/macro';
import { useNavigate } from '@tanstack/react-router';
import { KeyRound, LogOut, Monitor, Moon, Settings, Sun } from 'lucide-react';
import { me, savePreferences, session, signOut } from '~/api/session.ts';
import { initials } from '~/lib/colors.ts';
import { display } from '~/lib/display.ts';
import { useObservable } from '~/lib/observable.ts';
import { useWorkspace } from '~/lib/use-workspace.ts';
import { Avatar, Person } from '~/ui/Avatar.tsx';
import { Menu, type MenuEntry } from '~/ui/Menu.tsx';
import styles from './AccountMenu.module.css';

/** Workspace, theme, settings and sign-out. */
export function AccountMenu() {
  const { t } = useLingui();
  const current = useObservable(session) ?? me();
  const { theme } = useObservable(display);
  const workspace = useWorkspace();
  const navigate = useNavigate();
  const { user, workspaces } = current;
  const photo = (user.photo as { image_60x60?: string } | null | undefined)?.image_60x60;
  const entries: MenuEntry[] = [
    ...(workspaces.length > 1
      ? ([
          {
            kind: 'radio',
            id: 'workspace',
            label: t`Workspace`,
            value: workspace,
            options: workspaces.map((other) => ({ value: other.gid, label: other.name })),
            run: (ws) => void navigate({ to: '/1/$ws/projects', params: { ws } }),
          },
          { kind: 'line', id: 'line-0' },
        ] satisfies MenuEntry[])
      : []),
    {
      kind: 'radio',
      id: 'theme',
      label: t`Theme`,
      value: theme,
      options: [
        { value: 'light', label: t`Light`, icon: <Sun /> },
        { value: 'dark', label: t`Dark`, icon: <Moon /> },
        { value: 'system', label: t`As the system`, icon: <Monitor /> },
      ],
      run: (value) => void savePreferences({ theme: value as 'light' }).catch(() => undefined),
    },
    { kind: 'line', id: 'line-1' },
    {
      id: 'settings',
      label: t`Settings`,
      icon: <Settings />,
      run: () => void navigate({ to: '/1/$ws/settings/$tab', params: { ws: workspace, tab: 'display' } }),
    },
    {
      id: 'tokens',
      label: t`Access tokens`,
      icon: <KeyRound />,
      run: () => void navigate({ to: '/1/$ws/settings/$tab', params: { ws: workspace, tab: 'tokens' } }),
    },
    { kind: 'line', id: 'line-2' },
    { id: 'sign-out', label: t`Sign out`, icon: <LogOut />, run: () => void signOut() },
  ];
  const header = (
    <div className={styles['who']}>
      <Person gid={user.gid} size={32} />
      <div className="grow">
        <div className="truncate">{user.name}</div>
        <div className={styles['mail']}>{user.email}</div>
      </div>
    </div>
  );
  return (
    <Menu
      align="end"
      header={header}
      entries={entries}
      trigger={
        <button
          type="button"
          className={styles['button']}
          aria-label={t`${initials(user.name)}, account of ${user.name}`}
        >
          <Avatar gid={user.gid} name={user.name} photo={photo} size={28} isDecorative />
        </button>
      }
    />
  );
}
