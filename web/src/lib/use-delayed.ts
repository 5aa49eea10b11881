import { useEffect, useState } from 'react';

/** True once `value` has been true for so long; false at once. For skeletons that must not flash. */
export function useDelayed(value: boolean, ms = 150): boolean {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    if (!value) {
      setLong(false);
      return;
    }
    const timer = setTimeout(() => setLong(true), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return value && isLong;
}
