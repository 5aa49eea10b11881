import type { Gid } from '~/lib/id.ts';
import type { Place } from '~/store/orders.ts';

/** What a grid asks of the screen around it. */
export interface GridEvents {
  open: (gid: Gid | null) => void;
  expand: (gid: Gid, isExpanded: boolean) => void;
  collapse: (group: string, isCollapsed: boolean) => void;
  /** A new task in a group, or below a parent. Its temporary gid, or null where none can be made. */
  add: (group: string, name: string, place?: Place, parent?: Gid | null) => Gid | null;
  /** Moves tasks to a place in a group. */
  moveTo: (gids: readonly Gid[], group: string, place: Place) => void;
}
