import { useLingui } from '@lingui/react/macro';
import { useDeferredValue } from 'react';
import type { Gid } from '~/lib/id.ts';
import { formatNumber } from '~/lib/locale.ts';
import { store } from '~/store/entity-store.ts';
import { useStoreVersion } from '~/store/hooks.ts';
import type { Column } from './columns.tsx';
import styles from './grid.module.css';

/** The sums of the number columns of a group. They follow changes when there is time. */
export function Sums({ gids, columns }: { gids: readonly Gid[]; columns: readonly Column[] }) {
  const { i18n } = useLingui();
  useDeferredValue(useStoreVersion());
  const numbers = columns.filter((column) => column.value);
  if (numbers.length === 0) return null;
  const sums = numbers.flatMap((column) => {
    let sum = 0;
    let isAny = false;
    for (const gid of gids) {
      const task = store.get('task', gid);
      const value = task ? column.value?.(task) : null;
      if (typeof value === 'number') {
        sum += value;
        isAny = true;
      }
    }
    return isAny
      ? [{ id: column.id, label: typeof column.label === 'string' ? column.label : i18n._(column.label), sum }]
      : [];
  });
  if (sums.length === 0) return null;
  return (
    <span className={styles['sums']}>
      {sums.map(({ id, label, sum }) => (
        <span key={id}>
          {label} Σ {formatNumber(sum)}
        </span>
      ))}
    </span>
  );
}
