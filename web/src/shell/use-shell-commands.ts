import { useLingui } from '@lingui/react/macro';
import { useNavigate } from '@tanstack/react-router';
import { savePreferences } from '~/api/session.ts';
import { display } from '~/lib/display.ts';
import { useShortcuts } from '~/lib/shortcuts.ts';
import { useWorkspace } from '~/lib/use-workspace.ts';
import { undoStack } from '~/mutations/mutate.ts';
import { toast } from '~/ui/toasts.ts';
import { DESTINATIONS } from './navigation.ts';
import { createOpen, helpOpen, paletteOpen, toggleSidebar } from './shell-state.ts';

/** The commands that work everywhere. */
export function useShellCommands(): void {
  const { t, i18n } = useLingui();
  const ws = useWorkspace();
  const navigate = useNavigate();
  const general = t`General`;
  const go = t`Go to`;
  useShortcuts([
    {
      id: 'palette',
      label: t`Search or type a command`,
      group: general,
      keys: ['Mod+K', 'Tab+/'],
      inText: true,
      hidden: true,
      run: () => paletteOpen.set({ text: '' }),
    },
    { id: 'create', label: t`Create task`, group: general, keys: ['C', 'Tab+Q'], run: () => createOpen.set({}) },
    {
      id: 'sidebar',
      label: t`Show or hide the sidebar`,
      group: general,
      keys: ['Mod+\\'],
      inText: true,
      run: toggleSidebar,
    },
    { id: 'help', label: t`Keyboard shortcuts`, group: general, keys: ['?', 'Mod+/'], run: () => helpOpen.set(true) },
    {
      id: 'undo',
      label: t`Undo`,
      group: general,
      keys: ['Mod+Z'],
      when: () => undoStack.state.get().canUndo,
      run: () => {
        const label = undoStack.undo();
        if (label) toast({ text: t`Undone`, kind: 'plain' });
      },
    },
    {
      id: 'redo',
      label: t`Redo`,
      group: general,
      keys: ['Mod+Shift+Z', 'Mod+Y'],
      when: () => undoStack.state.get().canRedo,
      run: () => void undoStack.redo(),
    },
    {
      id: 'theme',
      label: t`Switch between light and dark`,
      group: general,
      run: () => {
        const isDark =
          display.get().theme === 'dark' ||
          (display.get().theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
        savePreferences({ theme: isDark ? 'light' : 'dark' }).catch(() => undefined);
      },
    },
    {
      id: 'settings',
      label: t`Settings`,
      group: go,
      run: () => void navigate({ to: '/1/$ws/settings/$tab', params: { ws, tab: 'display' } }),
    },
    ...DESTINATIONS.map((place) => ({
      id: `go-${place.id}`,
      label: i18n._(place.label),
      group: go,
      ...(place.key ? { keys: [`G ${place.key}`] } : {}),
      run: () => void navigate({ to: `/1/${ws}/${place.path}` as never }),
    })),
  ]);
}
