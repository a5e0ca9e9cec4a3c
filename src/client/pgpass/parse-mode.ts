// Permissions of a .pgpass as somebody writes them.

/** Readable by its owner, perhaps by its group, and by nobody else. */
export const MODE_PATTERN = /^0?[46][04]0$/;

/** @returns undefined for what a file with tokens must not have. */
export function parseMode(text: string): number | undefined {
  return MODE_PATTERN.test(text) ? Number.parseInt(text, 8) : undefined;
}
