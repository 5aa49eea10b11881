let region: HTMLElement | null = null;

function live(): HTMLElement {
  if (!region?.isConnected) {
    region = document.createElement('div');
    region.className = 'sr';
    region.setAttribute('role', 'status');
    region.setAttribute('aria-live', 'polite');
    document.body.append(region);
  }
  return region;
}

/** Says something to people who use a screen reader: "Moved to Build, position 3 of 12". */
export function announce(message: string): void {
  const place = live();
  // The same text twice in a row is only read again when it differs.
  place.textContent = place.textContent === message ? `${message}\u00a0` : message;
}
