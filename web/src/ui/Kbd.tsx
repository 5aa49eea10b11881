import { keyLabels } from '~/lib/shortcuts.ts';

/** A shortcut as keys: Ctrl K. */
export function Kbd({ keys }: { keys: string }) {
  return (
    <span aria-hidden="true" style={{ display: 'inline-flex', gap: 2, flex: 'none' }}>
      {keyLabels(keys).map((label, index) => (
        <kbd key={index}>{label}</kbd>
      ))}
    </span>
  );
}
