import type { Gid } from './id.ts';

/** The hue classes of tokens.css. */
export type Hue = 'pink' | 'red' | 'orange' | 'brown' | 'green' | 'teal' | 'blue' | 'purple' | 'gray';

const HUES: Record<string, Hue> = {
  pink: 'pink',
  red: 'red',
  orange: 'orange',
  brown: 'brown',
  yellow: 'brown',
  'yellow-orange': 'orange',
  'yellow-green': 'green',
  green: 'green',
  'blue-green': 'teal',
  teal: 'teal',
  aqua: 'teal',
  blue: 'blue',
  indigo: 'purple',
  purple: 'purple',
  magenta: 'pink',
  'hot-pink': 'pink',
  gray: 'gray',
  'warm-gray': 'gray',
  'cool-gray': 'gray',
};

const AVATARS: readonly Hue[] = ['teal', 'blue', 'purple', 'pink', 'red', 'orange', 'brown', 'green'];

/** Colours that can be chosen for projects and tags, as the API names them. */
export const OBJECT_COLORS = [
  'dark-pink',
  'dark-red',
  'dark-orange',
  'dark-brown',
  'dark-green',
  'dark-teal',
  'dark-blue',
  'dark-purple',
  'dark-warm-gray',
  'light-pink',
  'light-red',
  'light-orange',
  'light-yellow',
  'light-green',
  'light-teal',
  'light-blue',
  'light-purple',
  'light-warm-gray',
] as const;

/** The hue of a colour of the API: `dark-teal`, `light-warm-gray`, `yellow-orange`, `none`, null. */
export function hueOf(color: string | null | undefined): Hue {
  if (!color) return 'gray';
  return HUES[color.replace(/^(dark|light)-/, '')] ?? 'gray';
}

/** The class that carries the colour's shades. */
export function hueClass(color: string | null | undefined): string {
  return `hue-${hueOf(color)}`;
}

/** A steady hue for somebody without a photo. */
export function avatarHue(gid: Gid): Hue {
  let sum = 7;
  for (const character of gid) sum = (sum * 31 + character.charCodeAt(0)) >>> 0;
  return AVATARS[sum % AVATARS.length] ?? 'teal';
}

/** One or two letters for somebody without a photo. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const first = [...(words[0] ?? '?')][0] ?? '?';
  const last = words.length > 1 ? ([...(words.at(-1) ?? '')][0] ?? '') : '';
  return (first + last).toLocaleUpperCase();
}
