import { useLingui } from '@lingui/react/macro';
import type { Gid } from '~/lib/id.ts';
import { mutate } from '~/mutations/mutate.ts';
import { createSection, deleteSection, moveSection } from '~/mutations/sections.ts';
import { store } from '~/store/entity-store.ts';
import type { Place } from '~/store/orders.ts';
import type { MenuEntry } from '~/ui/Menu.tsx';
import type { GridController } from './controller.ts';
import type { Group } from './rows.ts';

/** What can be done to a section, and how a new one is made. `isAcross`: sections stand beside each other, not below. */
export function useSectionMenu({
  project,
  sections,
  grid,
  isAcross,
}: {
  project: Gid;
  sections: readonly Gid[] | undefined;
  grid: GridController;
  isAcross?: boolean;
}) {
  const { t } = useLingui();
  const rename = (section: Gid) => grid.editing.set({ gid: `group:${section}`, column: 'name', anchor: null });
  const insert = (place: Place) => {
    const made = createSection(project, t`New section`, place);
    void mutate(made, { isQuiet: true })
      .then(() => rename(store.resolve(made.gid)))
      .catch(() => undefined);
  };
  const move = (section: Gid, place: { before: Gid } | { after: Gid }) =>
    void mutate(moveSection(project, section, place), { isQuiet: true }).catch(() => undefined);

  const sectionMenu = ({ section, gids }: Group): MenuEntry[] => {
    if (!section || !sections) return [];
    const index = sections.indexOf(section);
    const [before, after] = [sections[index - 1], sections[index + 1]];
    return [
      { id: 'rename', label: t`Rename section`, run: () => setTimeout(() => rename(section), 0) },
      {
        id: 'above',
        label: isAcross ? t`Add section to the left` : t`Add section above`,
        run: () => insert({ before: section }),
      },
      {
        id: 'below',
        label: isAcross ? t`Add section to the right` : t`Add section below`,
        run: () => insert({ after: section }),
      },
      { kind: 'line', id: 'line' },
      {
        id: 'up',
        label: isAcross ? t`Move left` : t`Move up`,
        isDisabled: !before,
        run: () => before && move(section, { before }),
      },
      {
        id: 'down',
        label: isAcross ? t`Move right` : t`Move down`,
        isDisabled: !after,
        run: () => after && move(section, { after }),
      },
      { kind: 'line', id: 'line-2' },
      {
        id: 'delete',
        label: t`Delete section`,
        isDanger: true,
        isDisabled: gids.length > 0 || sections.length < 2,
        ...(gids.length > 0 ? { hint: t`not empty` } : {}),
        run: () => void mutate(deleteSection(project, section)).catch(() => undefined),
      },
    ];
  };
  const addSection = () => {
    const last = sections?.at(-1);
    insert(last ? { after: last } : 'end');
  };
  return { sectionMenu, addSection };
}
