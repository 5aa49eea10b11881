import { useEffect, useRef } from 'react';
import { Observable, useObservable } from './observable.ts';

/**
 * The one registry of keys. Menus, tooltips, the palette and the help read from it, and no other file listens globally.
 * Keys are written `Mod+K`, `Shift+ArrowDown`, `G H` (one after the other), `Tab+Q` (while Tab is held), `X`.
 */
export interface Command {
  id: string;
  label: string;
  /** Where it belongs in the help. */
  group: string;
  keys?: readonly string[];
  /** Not offered while false. */
  when?: () => boolean;
  run: (event?: KeyboardEvent) => void;
  /** Acts while text is being edited, too. */
  inText?: boolean;
  /** Not listed in the palette. */
  hidden?: boolean;
}

const commands = new Observable<readonly Command[]>([]);
export const singleKeys = new Observable(true);
export const chords = new Observable(true);

const isMac = typeof navigator !== 'undefined' && /Mac|iP(hone|ad)/.test(navigator.platform);

/** Registers commands; the later registration wins, so that what is in front takes the key. Returns how to remove them. */
export function register(added: readonly Command[]): () => void {
  commands.set([...commands.get(), ...added]);
  return () => commands.set(commands.get().filter((command) => !added.includes(command)));
}

export function allCommands(): readonly Command[] {
  return commands.get();
}

/** The commands that can run now, one for each id, the latest registration first. */
export function useCommands(): readonly Command[] {
  const all = useObservable(commands);
  const seen = new Set<string>();
  return [...all]
    .reverse()
    .filter((command) => !seen.has(command.id) && seen.add(command.id) && (command.when?.() ?? true));
}

/** Registers commands while the component is there. They may close over anything: the latest version runs. */
export function useShortcuts(list: readonly Command[]): void {
  const latest = useRef(list);
  useEffect(() => {
    latest.current = list;
  });
  const key = list.map((command) => `${command.id}:${command.label}:${command.keys?.join()}`).join('|');
  // biome-ignore lint/correctness/useExhaustiveDependencies: registered again only when ids, labels or keys change
  useEffect(() => {
    const current = (id: string) => latest.current.find((command) => command.id === id);
    return register(
      list.map((command) => ({
        ...command,
        when: () => current(command.id)?.when?.() ?? true,
        run: (event) => current(command.id)?.run(event),
      })),
    );
  }, [key]);
}

const LABELS: Record<string, string> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  Enter: '↵',
  Escape: 'Esc',
  Delete: 'Del',
  Space: 'Space',
};

/** The parts of a shortcut as they are written on keys: `['Ctrl', 'K']`. */
export function keyLabels(keys: string): string[] {
  return keys
    .split(/[+ ]/)
    .map((key) => (key === 'Mod' ? (isMac ? '⌘' : 'Ctrl') : key === 'Shift' && isMac ? '⇧' : (LABELS[key] ?? key)));
}

/** The shortcut in the form of `aria-keyshortcuts`. */
export function ariaKeys(keys: readonly string[] | undefined): string | undefined {
  const plain = keys?.filter((key) => !key.startsWith('Tab+') && !key.includes(' '));
  return plain?.length ? plain.map((key) => key.replace('Mod', isMac ? 'Meta' : 'Control')).join(' ') : undefined;
}

/** The first keys of a command, for menus and tooltips. */
export function keysOf(id: string): string | undefined {
  return commands.get().findLast((command) => command.id === id)?.keys?.[0];
}

function inText(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  if (!element || !('tagName' in element)) return false;
  if (element.isContentEditable || element.tagName === 'TEXTAREA' || element.tagName === 'SELECT') return true;
  if (element.tagName !== 'INPUT') return false;
  return !['checkbox', 'radio', 'button', 'submit', 'range', 'color', 'file'].includes(
    (element as HTMLInputElement).type,
  );
}

/** What was pressed, in our notation and always in the same order. */
export function pressed(event: KeyboardEvent): string {
  const name = event.key === ' ' ? 'Space' : event.key.length === 1 ? event.key.toUpperCase() : event.key;
  const modifier = isMac ? event.metaKey : event.ctrlKey;
  // `?` and `/` already contain Shift on most keyboards; letters and named keys do not.
  const shift = event.shiftKey && (event.key.length > 1 || /[a-z ]/i.test(event.key));
  return `${modifier ? 'Mod+' : ''}${event.altKey ? 'Alt+' : ''}${shift ? 'Shift+' : ''}${name}`;
}

let lead: { key: string; at: number } | null = null;
let tab: { held: boolean; used: boolean; before: Element | null } = { held: false, used: false, before: null };

/** How long after `G` the second key counts. */
const SEQUENCE_MS = 1200;

function find(keys: string, text: boolean): Command | undefined {
  return commands
    .get()
    .findLast((command) => command.keys?.includes(keys) && (!text || command.inText) && (command.when?.() ?? true));
}

function handle(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  if (event.key === 'Tab' && !event.ctrlKey && !event.metaKey && !event.altKey) {
    if (!tab.held) tab = { held: true, used: false, before: document.activeElement };
    else if (tab.used) event.preventDefault();
    return;
  }
  const keys = pressed(event);
  const text = inText(event.target);
  const isModal = !!document.querySelector('[role="dialog"][aria-modal="true"], [role="alertdialog"]');
  if (tab.held && chords.get()) {
    const command = find(`Tab+${keys}`, true) ?? find(`Tab+${keys}`, false);
    if (command) {
      tab.used = true;
      if (tab.before instanceof HTMLElement) tab.before.focus();
      event.preventDefault();
      command.run(event);
      return;
    }
  }
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && event.key.length === 1 && event.key !== ' ';
  if (isPlain && (text || !singleKeys.get() || isModal)) return;
  const sequence = lead && event.timeStamp - lead.at < SEQUENCE_MS ? `${lead.key} ${keys}` : '';
  lead = null;
  const command = (sequence && find(sequence, text)) || find(keys, text);
  if (command) {
    event.preventDefault();
    command.run(event);
  } else if (isPlain && commands.get().some((other) => other.keys?.some((key) => key.startsWith(`${keys} `)))) {
    lead = { key: keys, at: event.timeStamp };
  }
}

function release(event: KeyboardEvent): void {
  if (event.key === 'Tab') tab = { held: false, used: false, before: null };
}

function blur(): void {
  tab = { held: false, used: false, before: null };
  lead = null;
}

/** Starts to listen. Called once by the entry, and by tests. */
export function listen(target: Window = window): () => void {
  target.addEventListener('keydown', handle);
  target.addEventListener('keyup', release);
  target.addEventListener('blur', blur);
  return () => {
    target.removeEventListener('keydown', handle);
    target.removeEventListener('keyup', release);
    target.removeEventListener('blur', blur);
  };
}
