import { useCallback, useState } from 'react';
import { remember, remembered } from './storage.ts';

/** A set of ids that this browser remembers. */
export function useRememberedSet(key: string): [ReadonlySet<string>, (id: string, isIn: boolean) => void] {
  const [set, setSet] = useState<ReadonlySet<string>>(() => new Set(remembered<string[]>(key, [])));
  const change = useCallback(
    (id: string, isIn: boolean) =>
      setSet((before) => {
        const next = new Set(before);
        if (isIn) next.add(id);
        else next.delete(id);
        remember(key, [...next]);
        return next;
      }),
    [key],
  );
  return [set, change];
}
