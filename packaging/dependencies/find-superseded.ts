// Which releases of a package came after the one that is pinned, and since when.

/** What npm knows of a package. */
export interface PublishedVersions {
  /** The version that `npm install` would take. */
  readonly latest: string;
  /** Every version that can be had, with the time when it was published (ISO 8601). */
  readonly times: Readonly<Record<string, string>>;
}

/** A pinned version that others have replaced. */
export interface Superseded {
  /** When the first newer version was published. */
  readonly since: Date;
  /** The newest version. */
  readonly newest: string;
}

/**
 * Looks for newer versions than `pinned`: stable ones, no newer than `latest`, so that releases which their authors only try
 * out do not count.
 */
export function findSuperseded(
  pinned: string,
  { latest, times }: PublishedVersions,
): Superseded | undefined {
  const newer = Object.entries(times)
    .filter(([version]) => isNewer(version, pinned) && !isNewer(version, latest))
    .toSorted(([one], [other]) => (isNewer(one, other) ? 1 : -1));
  const newest = newer.at(-1);
  if (newest === undefined) {
    return undefined;
  }
  // Not the smallest number: fixes of an older line may come later than a newer line.
  const since = Math.min(...newer.map(([, time]) => Date.parse(time)));
  return { since: new Date(since), newest: newest[0] };
}

/** Whether a version is stable and newer than another one (Semantic Versioning 2.0.0, section 11). */
function isNewer(version: string, than: string): boolean {
  const [one, other] = [parseVersion(version), parseVersion(than)];
  if (one === undefined || other === undefined) {
    return false;
  }
  const at = one.findIndex((part, index) => part !== other[index]);
  return at >= 0 && (one[at] ?? 0) > (other[at] ?? 0);
}

function parseVersion(version: string): readonly number[] | undefined {
  return /^\d+\.\d+\.\d+$/.test(version) ? version.split('.').map(Number) : undefined;
}
