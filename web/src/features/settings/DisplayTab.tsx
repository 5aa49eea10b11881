import { useLingui } from '@lingui/react/macro';
import { ApiError } from '~/api/client.ts';
import { me, savePreferences, session } from '~/api/session.ts';
import { display } from '~/lib/display.ts';
import { LANGUAGES } from '~/lib/i18n.ts';
import { useObservable } from '~/lib/observable.ts';
import { Switch } from '~/ui/Checkbox.tsx';
import { Select } from '~/ui/Select.tsx';
import { toast } from '~/ui/toasts.ts';
import styles from './Settings.module.css';

/** Theme, density, language, first weekday, keys. Each choice is kept at once. */
export function DisplayTab() {
  const { t } = useLingui();
  const { preferences } = useObservable(session) ?? me();
  const shown = useObservable(display);
  const shortcuts = preferences.shortcuts ?? { chords: true, single_keys: true };
  const save = (change: Parameters<typeof savePreferences>[0]) =>
    void savePreferences(change).catch((error: unknown) =>
      toast({ kind: 'error', text: error instanceof ApiError ? error.message : String(error) }),
    );
  return (
    <div className={styles['form']}>
      <Select
        label={t`Theme`}
        value={shown.theme}
        onChange={(theme) => save({ theme: theme as 'light' })}
        options={[
          { value: 'system', label: t`As the system` },
          { value: 'light', label: t`Light` },
          { value: 'dark', label: t`Dark` },
        ]}
      />
      <Select
        label={t`Density`}
        value={shown.density}
        onChange={(density) => save({ density: density as 'compact' })}
        options={[
          { value: 'comfortable', label: t`Comfortable` },
          { value: 'compact', label: t`Compact` },
        ]}
      />
      <Select
        label={t`Language`}
        value={shown.language}
        onChange={(language) => save({ language })}
        options={LANGUAGES.map(({ id, name }) => ({ value: id, label: name }))}
      />
      <Select
        label={t`Weeks begin on`}
        value={preferences.first_weekday ?? 'auto'}
        onChange={(day) => save({ first_weekday: day === 'auto' ? null : (day as 'monday') })}
        options={[
          { value: 'auto', label: t`As usual for the language` },
          { value: 'monday', label: t`Monday` },
          { value: 'saturday', label: t`Saturday` },
          { value: 'sunday', label: t`Sunday` },
        ]}
      />
      <Switch
        label={t`Single keys`}
        help={t`C creates, J and K move, G goes somewhere.`}
        checked={shortcuts.single_keys}
        onChange={(single_keys) => save({ shortcuts: { ...shortcuts, single_keys } })}
      />
      <Switch
        label={t`Keys with Tab`}
        help={t`Hold Tab and press a letter: Tab Q creates.`}
        checked={shortcuts.chords}
        onChange={(chords) => save({ shortcuts: { ...shortcuts, chords } })}
      />
    </div>
  );
}
