import { CalendarDate } from '@internationalized/date';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { avatarHue, hueClass, hueOf, initials } from './colors.ts';
import { datesLabel, dayOf, daysBetween, dueState, parseDay, rangeLabel } from './dates.ts';
import { isTemporary, temporaryGid } from './id.ts';
import { formatAgo, formatBytes } from './locale.ts';
import { keyLabels, listen, register, singleKeys } from './shortcuts.ts';

// A Wednesday.
const NOW = new CalendarDate(2026, 10, 14);

describe('dates', () => {
  test.each([
    ['today', '2026-10-14'],
    ['Tomorrow', '2026-10-15'],
    ['fri', '2026-10-16'],
    ['wed', '2026-10-21'],
    ['next fri', '2026-10-23'],
    ['next mon', '2026-10-19'],
    ['next week', '2026-10-19'],
    ['in 2 weeks', '2026-10-28'],
    ['+3d', '2026-10-17'],
    ['in 1 month', '2026-11-14'],
    ['20 oct', '2026-10-20'],
    ['Oct 20', '2026-10-20'],
    ['3rd january', '2027-01-03'],
    ['20 October 2027', '2027-10-20'],
    ['20.10.', '2026-10-20'],
    ['1/2', '2027-02-01'],
    ['2026-12-24', '2026-12-24'],
  ])('%s', (text, expected) => {
    expect(parseDay(text, NOW)?.toString()).toBe(expected);
  });

  test.each(['', 'soon', '31 feb', '2026-13-01', 'in weeks', '99.99.'])('%j is no date', (text) => {
    expect(parseDay(text, NOW)).toBeNull();
  });

  test('labels', () => {
    const day = (text: string) => dayOf(text)!;
    expect(datesLabel({ due_on: '2026-10-14' }, NOW)).toBe('Today');
    expect(datesLabel({ due_on: '2026-10-13' }, NOW)).toBe('Yesterday');
    expect(datesLabel({ start_on: '2026-10-12', due_on: '2026-10-26' }, NOW)).toBe('12 – 26 Oct');
    expect(rangeLabel(day('2026-10-28'), day('2026-11-03'), NOW)).toBe('28 Oct – 3 Nov');
    expect(datesLabel({ due_on: '2025-03-01' }, NOW)).toBe('1 Mar 2025');
    expect(datesLabel({}, NOW)).toBe('');
  });

  test('states', () => {
    expect(dueState(dayOf('2026-10-13')!, NOW)).toBe('late');
    expect(dueState(dayOf('2026-10-14')!, NOW)).toBe('today');
    expect(dueState(dayOf('2026-10-20')!, NOW)).toBe('soon');
    expect(daysBetween(NOW, dayOf('2026-11-14')!)).toBe(31);
    expect(dayOf('never')).toBeNull();
  });

  test('moments', () => {
    const now = new Date('2026-10-14T12:00:00Z');
    expect(formatAgo(new Date('2026-10-14T11:55:00Z'), now)).toBe('5 minutes ago');
    expect(formatAgo(new Date('2026-10-13T11:00:00Z'), now)).toBe('yesterday');
    expect(formatBytes(1_480_000)).toBe('1.5 MB');
  });
});

describe('colours', () => {
  test('every name of the API has a hue', () => {
    expect(hueOf('dark-teal')).toBe('teal');
    expect(hueOf('light-warm-gray')).toBe('gray');
    expect(hueOf('yellow-orange')).toBe('orange');
    expect(hueOf('hot-pink')).toBe('pink');
    expect(hueOf(null)).toBe('gray');
    expect(hueOf('not a colour')).toBe('gray');
    expect(hueClass('dark-blue')).toBe('hue-blue');
  });

  test('faces', () => {
    expect(avatarHue('1200000000000001')).toBe(avatarHue('1200000000000001'));
    expect(initials('Maren Okafor')).toBe('MO');
    expect(initials('  mia ')).toBe('M');
    expect(initials('')).toBe('?');
  });
});

test('temporary gids are random and known', () => {
  const gid = temporaryGid();
  expect(isTemporary(gid)).toBe(true);
  expect(temporaryGid()).not.toBe(gid);
  expect(isTemporary('12')).toBe(false);
});

describe('shortcuts', () => {
  let stop: () => void;
  let ran: string[];
  const command = (id: string, keys: string[], more: object = {}) => ({
    id,
    label: id,
    group: 'Test',
    keys,
    run: () => void ran.push(id),
    ...more,
  });
  beforeEach(() => {
    ran = [];
    stop = listen();
  });
  afterEach(() => {
    stop();
    singleKeys.set(true);
    document.body.replaceChildren();
    vi.useRealTimers();
  });
  const press = (key: string, init: KeyboardEventInit = {}, target: EventTarget = document.body) =>
    target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init }));
  const release = (key: string) => document.body.dispatchEvent(new KeyboardEvent('keyup', { key, bubbles: true }));

  test('single keys, modifiers, sequences', () => {
    const remove = register([
      command('create', ['C']),
      command('palette', ['Mod+K']),
      command('home', ['G H']),
      command('help', ['?']),
    ]);
    press('c');
    press('k', { ctrlKey: true });
    press('g');
    press('h');
    press('?', { shiftKey: true });
    press('C', { shiftKey: true });
    expect(ran).toEqual(['create', 'palette', 'home', 'help']);
    remove();
    press('c');
    expect(ran).toHaveLength(4);
  });

  test('single keys never act in text, commands that say so do', () => {
    const remove = register([command('create', ['C']), command('palette', ['Mod+K'], { inText: true })]);
    const input = document.body.appendChild(document.createElement('input'));
    press('c', {}, input);
    press('k', { ctrlKey: true }, input);
    expect(ran).toEqual(['palette']);
    remove();
  });

  test('chords with Tab put the focus back', () => {
    const remove = register([command('create', ['Tab+Q'])]);
    const button = document.body.appendChild(document.createElement('button'));
    const other = document.body.appendChild(document.createElement('button'));
    button.focus();
    press('Tab', {}, button);
    other.focus();
    press('q', {}, other);
    expect(ran).toEqual(['create']);
    expect(document.activeElement).toBe(button);
    release('Tab');
    press('q');
    expect(ran).toHaveLength(1);
    remove();
  });

  test('the latest registration wins, and `when` decides', () => {
    let isOpen = true;
    const below = register([command('below', ['Escape'])]);
    const above = register([command('above', ['Escape'], { when: () => isOpen })]);
    press('Escape');
    isOpen = false;
    press('Escape');
    expect(ran).toEqual(['above', 'below']);
    above();
    below();
  });

  test('can be switched off', () => {
    const remove = register([command('create', ['C'])]);
    singleKeys.set(false);
    press('c');
    expect(ran).toEqual([]);
    remove();
  });

  test('labels', () => {
    expect(keyLabels('Mod+Shift+ArrowUp')).toEqual(['Ctrl', 'Shift', '↑']);
    expect(keyLabels('G H')).toEqual(['G', 'H']);
  });
});
