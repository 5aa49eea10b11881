import { useEffect, useRef } from 'react';

/** Sets the title of the document. */
export function useTitle(title: string | undefined): void {
  useEffect(() => {
    document.title = title ? `${title} · Vinyasa` : 'Vinyasa';
  }, [title]);
}

/** Moves the focus to the page's heading when the page was changed, so that a screen reader says where one is. */
export function useHeadingFocus<T extends HTMLElement>(key: string): React.RefObject<T | null> {
  const heading = useRef<T>(null);
  const first = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says when the page is another one
  useEffect(() => {
    if (first.current && document.activeElement === document.body) first.current = false;
    else if (!document.activeElement?.closest('[role="treegrid"], [role="dialog"]'))
      heading.current?.focus({ preventScroll: true });
  }, [key]);
  return heading;
}
