// The newest entry of debian/changelog.

/** What its first and last line say. */
export interface ChangelogEntry {
  readonly version: string;
  /** `2026-01-31`. */
  readonly date: string;
}

/** Throws where the file does not begin with an entry. */
export function readChangelog(text: string): ChangelogEntry {
  const version = /^pgtoken \(([^)]+)\) /.exec(text)?.[1];
  const date = /^ -- .*>  (.+)$/m.exec(text)?.[1];
  if (version === undefined || date === undefined || Number.isNaN(Date.parse(date))) {
    throw new Error('debian/changelog does not begin with an entry of pgtoken');
  }
  return { version, date: new Date(date).toISOString().slice(0, 10) };
}
