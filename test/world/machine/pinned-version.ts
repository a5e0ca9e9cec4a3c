/** The version behind a name in a file that pins it. Throws when it is not there. */
export function pinnedVersion(text: string, pattern: RegExp): string {
  const [, version] = pattern.exec(text) ?? [];
  if (version === undefined) throw new Error(`no version by ${pattern.source}`);
  return version;
}
