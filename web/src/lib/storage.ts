/** What this browser remembers. Storage may be refused or full, and nothing depends on it. */
export function remembered<T>(key: string, otherwise: T): T {
  try {
    const text = localStorage.getItem(`vinyasa.${key}`);
    return text === null ? otherwise : (JSON.parse(text) as T);
  } catch {
    return otherwise;
  }
}

export function remember(key: string, value: unknown): void {
  try {
    if (value === undefined) localStorage.removeItem(`vinyasa.${key}`);
    else localStorage.setItem(`vinyasa.${key}`, JSON.stringify(value));
  } catch {
    // The setting lasts until the page is closed.
  }
}
