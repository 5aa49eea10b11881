/** Identifiers of the server are decimal strings; things not yet created have a `tmp-` gid. */
export type Gid = string;

const TEMPORARY = 'tmp-';

/** A random token of 128 bits. `crypto.randomUUID` is missing on plain HTTP. */
export function randomToken(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function temporaryGid(): Gid {
  return TEMPORARY + randomToken();
}

export function isTemporary(gid: Gid): boolean {
  return gid.startsWith(TEMPORARY);
}
