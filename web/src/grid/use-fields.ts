import { useMemo } from 'react';
import type { Gid } from '~/lib/id.ts';
import { store } from '~/store/entity-store.ts';
import { useList } from '~/store/lists.ts';

const SETTING_FIELDS = [
  'name',
  'type',
  'precision',
  'format',
  'currency_code',
  'is_formula_field',
  'is_value_read_only',
  'enum_options.name',
  'enum_options.color',
  'enum_options.enabled',
]
  .map((field) => `custom_field.${field}`)
  .join();

/** The custom fields of a project. */
export function useFields(project: Gid): readonly Gid[] {
  const settings = useList(`settings:${project}`, `/projects/${project}/custom_field_settings`, {
    opt_fields: SETTING_FIELDS,
  });
  return useMemo(
    () =>
      (settings.gids ?? []).flatMap((gid) => {
        const field = store.get('custom_field_setting', gid)?.custom_field;
        return field ? [field.gid] : [];
      }),
    [settings.gids],
  );
}
