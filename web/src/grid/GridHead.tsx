import { useLingui } from '@lingui/react/macro';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { type PointerEvent, type ReactNode, useRef } from 'react';
import { Menu, type MenuEntry } from '~/ui/Menu.tsx';
import type { Column } from './columns.tsx';
import styles from './grid.module.css';

interface GridHeadProps {
  columns: readonly Column[];
  sort: string | undefined;
  onSort: ((sort: string | undefined) => void) | undefined;
  end: ReactNode;
  menu: ((column: Column) => readonly MenuEntry[]) | undefined;
  widths: Readonly<Record<string, number>>;
  onWidth: (column: string, width: number) => void;
}

const NARROWEST = 64;
const WIDEST = 640;

/** The head: each column opens a menu to sort and hide it; its edge is dragged, or moved with the arrow keys. */
export function GridHead({ columns, sort, onSort, end, menu, widths, onWidth }: GridHeadProps) {
  const { t, i18n } = useLingui();
  const direction = (by: string | undefined) =>
    !by || !sort ? 'none' : sort === by ? 'ascending' : sort === `-${by}` ? 'descending' : 'none';
  const cell = (
    id: string,
    label: string,
    by: string | undefined,
    width: number,
    entries: readonly MenuEntry[],
    isEnd?: boolean,
  ) => {
    const sorted = direction(by);
    const sorting: MenuEntry[] =
      by && onSort
        ? [
            { id: 'up', label: t`Sort ascending`, icon: <ArrowUp />, run: () => onSort(by) },
            { id: 'down', label: t`Sort descending`, icon: <ArrowDown />, run: () => onSort(`-${by}`) },
            ...(sorted === 'none' ? [] : [{ id: 'clear', label: t`Clear sort`, run: () => onSort(undefined) }]),
          ]
        : [];
    return (
      <div
        key={id}
        role="columnheader"
        aria-sort={sorted as 'none'}
        className={isEnd ? `${styles['headCell']} ${styles['end']}` : styles['headCell']}
      >
        {sorting.length + entries.length > 0 ? (
          <Menu
            trigger={
              <button type="button">
                <span className="truncate">{label}</span>
                {sorted === 'ascending' && <ArrowUp aria-hidden="true" />}
                {sorted === 'descending' && <ArrowDown aria-hidden="true" />}
              </button>
            }
            entries={[...sorting, ...entries]}
          />
        ) : (
          <span style={{ paddingInline: 8 }}>{label}</span>
        )}
        <Resizer label={t`Width of ${label}`} width={width} onWidth={(next) => onWidth(id, next)} />
      </div>
    );
  };
  return (
    <div role="row" aria-rowindex={1} className={styles['head']}>
      {cell('name', t`Task`, 'name', widths['name'] ?? 280, [])}
      {columns.map((column) =>
        cell(
          column.id,
          typeof column.label === 'string' ? column.label : i18n._(column.label),
          column.sort,
          widths[column.id] ?? column.width,
          menu?.(column) ?? [],
          column.isEnd,
        ),
      )}
      <div role="columnheader">{end}</div>
    </div>
  );
}

function Resizer({ label, width, onWidth }: { label: string; width: number; onWidth: (width: number) => void }) {
  const from = useRef<{ x: number; width: number } | null>(null);
  const clamp = (value: number) => Math.round(Math.min(WIDEST, Math.max(NARROWEST, value)));
  const move = (event: PointerEvent) => {
    if (from.current) onWidth(clamp(from.current.width + event.clientX - from.current.x));
  };
  return (
    <span
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={width}
      aria-valuemin={NARROWEST}
      aria-valuemax={WIDEST}
      tabIndex={-1}
      className={styles['resize']}
      onPointerDown={(event) => {
        event.preventDefault();
        const cell = event.currentTarget.parentElement;
        from.current = { x: event.clientX, width: cell?.offsetWidth ?? width };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={move}
      onPointerUp={() => {
        from.current = null;
      }}
      onKeyDown={(event) => {
        if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
          event.preventDefault();
          event.stopPropagation();
          onWidth(clamp(width + (event.key === 'ArrowRight' ? 16 : -16)));
        }
      }}
    />
  );
}
