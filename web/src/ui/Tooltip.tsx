import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { Kbd } from './Kbd.tsx';
import styles from './Tooltip.module.css';

/** The attributes that give an element a tooltip. Its name for screen readers is its own `aria-label`. */
export function tip(label: string, keys?: string): Record<string, string> {
  return { 'data-tip': label, ...(keys ? { 'data-tip-keys': keys } : {}) };
}

interface Shown {
  element: Element;
  label: string;
  keys: string | undefined;
}

/** How long the pointer rests before it is said; after one was shown the next comes at once. */
const REST_MS = 500;
const WARM_MS = 600;
const GAP = 6;
const EDGE = 8;

/**
 * One layer for the tooltips of the page. It listens in one place, so a button with a tooltip costs an attribute. The tip stays while
 * the pointer is on it, and goes with Escape.
 */
export function TooltipLayer() {
  const [shown, setShown] = useState<Shown | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const warm = useRef(0);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = (element: Element) => {
      const label = element.getAttribute('data-tip');
      if (label && element.getAttribute('aria-expanded') !== 'true')
        setShown({ element, label, keys: element.getAttribute('data-tip-keys') ?? undefined });
    };
    const hide = () => {
      clearTimeout(timer);
      setShown((before) => {
        if (before) warm.current = Date.now();
        return null;
      });
    };
    const over = (event: PointerEvent) => {
      if (event.pointerType === 'touch') return;
      const target = event.target instanceof Element ? event.target : null;
      if (target && box.current?.contains(target)) return;
      const element = target?.closest('[data-tip]');
      if (!element) {
        hide();
        return;
      }
      clearTimeout(timer);
      timer = setTimeout(() => show(element), Date.now() - warm.current < WARM_MS ? 0 : REST_MS);
    };
    const focus = (event: FocusEvent) => {
      const element = event.target instanceof Element ? event.target : null;
      if (element?.matches('[data-tip]:focus-visible')) show(element);
    };
    const key = (event: KeyboardEvent) => event.key === 'Escape' && hide();
    const listeners = [
      ['pointerover', over],
      ['focusin', focus],
      ['focusout', hide],
      ['pointerdown', hide],
      ['keydown', key],
      ['scroll', hide],
    ] as const;
    for (const [name, listener] of listeners)
      document.addEventListener(name, listener as EventListener, { capture: true, passive: true });
    return () => {
      clearTimeout(timer);
      for (const [name, listener] of listeners)
        document.removeEventListener(name, listener as EventListener, { capture: true });
    };
  }, []);

  useLayoutEffect(() => {
    const node = box.current;
    if (!shown || !node) return;
    const at = shown.element.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = node;
    const left = Math.min(Math.max(EDGE, at.left + at.width / 2 - width / 2), innerWidth - width - EDGE);
    const below = at.bottom + GAP + height < innerHeight;
    node.style.translate = `${Math.round(left)}px ${Math.round(below ? at.bottom + GAP : at.top - GAP - height)}px`;
  }, [shown]);

  if (!shown) return null;
  return (
    <div ref={box} role="tooltip" className={styles['tip']}>
      {shown.label}
      {shown.keys && <Kbd keys={shown.keys} />}
    </div>
  );
}
