import { autoScrollForElements } from '@atlaskit/pragmatic-drag-and-drop-auto-scroll/element';
import { useLingui } from '@lingui/react/macro';
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import { ChevronRight, Ellipsis, Plus } from 'lucide-react';
import { memo, useEffect, useRef } from 'react';
import { type GridController, useGridPart } from '~/grid/controller.ts';
import type { GridEvents } from '~/grid/events.ts';
import type { Group } from '~/grid/rows.ts';
import { SectionName } from '~/grid/SectionRow.tsx';
import type { Gid } from '~/lib/id.ts';
import { mutate } from '~/mutations/mutate.ts';
import { renameSection } from '~/mutations/sections.ts';
import { useEntity } from '~/store/hooks.ts';
import { IconButton } from '~/ui/Button.tsx';
import { Menu, type MenuEntry } from '~/ui/Menu.tsx';
import { AddCard } from './AddCard.tsx';
import styles from './board.module.css';
import { Card } from './Card.tsx';
import { useColumnDrop } from './drag.ts';

/** What a card is taken for before it was measured. */
const CARD = 116;
const GAP = 8;

interface ColumnProps {
  group: Group;
  /** The card that the Tab key reaches while none is active. */
  firstCard: string | null;
  grid: GridController;
  events: GridEvents;
  open: Gid | null;
  canMove: boolean;
  isFiltered: boolean;
  adding: 'start' | 'end' | null;
  onAdding: (place: 'start' | 'end' | null) => void;
  menu: readonly MenuEntry[];
  taskMenu: (gid: Gid) => readonly MenuEntry[];
}

/** A section with its cards. Only the cards near the view are in the document. */
export function Column({
  group,
  firstCard,
  grid,
  events,
  open,
  canMove,
  isFiltered,
  adding,
  onAdding,
  menu,
  taskMenu,
}: ColumnProps) {
  const { t } = useLingui();
  const element = useRef<HTMLElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const section = useEntity('section', group.section);
  const name = section?.name ?? group.name;
  const { gids } = group;
  const activeIndex = useGridPart(grid.active, (active) => (active ? gids.indexOf(active) : -1));
  const isRenaming = useGridPart(grid.editing, (editing) => editing?.gid === `group:${group.section}`);
  const isOver = useColumnDrop(element, group.id, canMove, (dropped) => events.moveTo(dropped, group.id, 'end'));
  useEffect(() => (scroller.current ? autoScrollForElements({ element: scroller.current }) : undefined), []);
  const list = useVirtualizer({
    count: gids.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => CARD,
    getItemKey: (index) => gids[index] ?? index,
    gap: GAP,
    overscan: 6,
    rangeExtractor: (range) => {
      const shown = defaultRangeExtractor(range);
      // The active card stays in the document, so that it keeps the focus.
      return activeIndex < 0 || shown.includes(activeIndex) ? shown : [...shown, activeIndex].sort((a, b) => a - b);
    },
  });
  useEffect(() => {
    if (activeIndex >= 0) list.scrollToIndex(activeIndex, { align: 'auto' });
  }, [activeIndex, list]);

  const add = (text: string) => events.add(group.id, text, adding ?? 'end');
  return (
    <section ref={element} className={styles['column']} aria-label={name} data-over={isOver || undefined}>
      <header className={styles['head']}>
        {isRenaming ? (
          <SectionName
            name={name}
            onDone={(next) => {
              grid.stopEditing();
              if (next && next !== name && group.section)
                void mutate(renameSection(group.section, next), { isQuiet: true }).catch(() => undefined);
            }}
          />
        ) : (
          <h2
            onDoubleClick={() => grid.editing.set({ gid: `group:${group.section}`, column: 'name', anchor: null })}
            className="truncate"
          >
            {name}
          </h2>
        )}
        <span className={styles['count']}>{gids.length}</span>
        <span className={styles['tools']}>
          <IconButton
            isPlain
            size="sm"
            label={t`Add task to ${name}`}
            icon={<Plus />}
            onClick={() => onAdding('start')}
          />
          <Menu
            align="end"
            trigger={<IconButton isPlain size="sm" label={t`Actions for ${name}`} icon={<Ellipsis />} />}
            entries={menu}
          />
        </span>
      </header>
      <div ref={scroller} className={styles['scroll']}>
        {adding === 'start' && <AddCard onAdd={add} onDone={() => onAdding(null)} />}
        {gids.length === 0 && !adding && (
          <div className={styles['empty']}>
            {isFiltered ? t`Nothing here matches the filters.` : t`Nothing here. Drop a card, or add one.`}
          </div>
        )}
        <ul className={styles['cards']} style={{ blockSize: list.getTotalSize() }}>
          {list.getVirtualItems().map((item) => {
            const gid = gids[item.index];
            return (
              gid && (
                <li
                  key={item.key}
                  ref={list.measureElement}
                  data-index={item.index}
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  <Card
                    gid={gid}
                    group={group.id}
                    grid={grid}
                    events={events}
                    isOpen={open === gid}
                    isFirst={firstCard === gid}
                    canMove={canMove}
                    menu={taskMenu}
                  />
                </li>
              )
            );
          })}
        </ul>
        {adding === 'end' ? (
          <AddCard onAdd={add} onDone={() => onAdding(null)} />
        ) : (
          <button type="button" className={styles['add']} onClick={() => onAdding('end')}>
            <Plus aria-hidden="true" />
            {t`Add task`}
          </button>
        )}
      </div>
    </section>
  );
}

/** A column that was folded away. Cards can be dropped on it. */
export const Rail = memo(function Rail({ group, events }: { group: Group; events: GridEvents }) {
  const { t } = useLingui();
  const element = useRef<HTMLElement>(null);
  const section = useEntity('section', group.section);
  const name = section?.name ?? group.name;
  const isOver = useColumnDrop(element, group.id, true, (dropped) => events.moveTo(dropped, group.id, 'end'));
  return (
    <section
      ref={element}
      className={styles['rail']}
      aria-label={t`${name}, collapsed`}
      data-over={isOver || undefined}
    >
      <IconButton
        size="sm"
        label={t`Expand ${name}`}
        icon={<ChevronRight />}
        onClick={() => events.collapse(group.id, false)}
      />
      <span className={styles['count']}>{group.gids.length}</span>
      <h2>{name}</h2>
    </section>
  );
});
