// Permissions of a file as they are written.

/** @param mode as stat(2) has it; the file's type is left out. @returns `0640`. */
export function formatMode(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
