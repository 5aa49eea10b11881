import type { MessageDescriptor } from '@lingui/core';
import { msg } from '@lingui/core/macro';
import { Kanban, List, type LucideIcon } from 'lucide-react';
import { type ComponentType, type LazyExoticComponent, lazy } from 'react';

/** What every view of a project is given. */
export interface ViewProps {
  ws: string;
  project: string;
  /** Opens a task beside the view. */
  openTask: (gid: string | null) => void;
  /** The task that is open. */
  open: string | null;
}

/** A view of a project. Whoever builds one adds its line; the order here is that of the tabs. */
export interface View {
  id: string;
  label: MessageDescriptor;
  icon: LucideIcon;
  component: LazyExoticComponent<ComponentType<ViewProps>>;
}

export const VIEWS: readonly View[] = [
  {
    id: 'list',
    label: msg`List`,
    icon: List,
    component: lazy(() => import('../project-list/ListView.tsx').then((module) => ({ default: module.ListView }))),
  },
  {
    id: 'board',
    label: msg`Board`,
    icon: Kanban,
    component: lazy(() => import('../project-board/BoardView.tsx').then((module) => ({ default: module.BoardView }))),
  },
];
