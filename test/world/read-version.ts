// Which pgtoken a run was of. package.json has the version of the last release until the next one is made, so that a run between
// two would be recorded as one of the release; the changelog has what is in the making.

/** @returns the version of the newest section, as it stands there: `0.2.0 (unreleased)`. */
export function readVersion(changelog: string): string {
  const [, version] = /^## (\d.*)$/m.exec(changelog) ?? [];
  if (version === undefined) throw new Error('CHANGELOG.md has no section of a version');
  return version;
}
