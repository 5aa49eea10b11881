import type { MessageDescriptor } from '@lingui/core';
import { msg } from '@lingui/core/macro';
import { FolderKanban, type LucideIcon } from 'lucide-react';

/** A place that can be gone to from everywhere. Only what exists stands here: whoever builds a screen adds its line. */
export interface Destination {
  id: string;
  label: MessageDescriptor;
  icon: LucideIcon;
  /** The path below `/1/{workspace}`. */
  path: string;
  /** `main` stands first, `insights` in a group of its own. */
  group: 'main' | 'insights';
  /** Its key after G. */
  key?: string;
  /** Whether the bar at the bottom of a narrow screen has it. */
  isOnBar?: boolean;
}

export const DESTINATIONS: readonly Destination[] = [
  {
    id: 'projects',
    label: msg`Projects`,
    icon: FolderKanban,
    path: 'projects',
    group: 'main',
    key: 'B',
    isOnBar: true,
  },
];
