// What a release was made from and with, and how anybody makes the same again. No time of making and no name of a machine, so that two
// who make it with the same tools get the same text.

/** What is told. */
export interface Provenance {
  readonly version: string;
  readonly commit: string;
  /** When it was committed, RFC 3339. */
  readonly committed: string;
  /** Name and version of what it was made with. */
  readonly tools: readonly (readonly [name: string, version: string])[];
  /** SHA-256 of the files that pin all else, by their path in the sources. */
  readonly pins: readonly (readonly [path: string, sha256: string])[];
  /** What else `npm run release` was given. */
  readonly options: readonly string[];
}

/** @returns the text, for people. */
export function renderProvenance(provenance: Provenance): string {
  const { version, commit, committed, tools, pins, options } = provenance;
  const column = Math.max(...tools.map(([name]) => name.length));
  return `pgtoken ${version}

Made from
  commit ${commit}, of ${committed}
${pins.map(([path, sha256]) => `  ${path}\n    SHA-256 ${sha256}`).join('\n')}

Made with
${tools.map(([name, its]) => `  ${name.padEnd(column)}  ${its}`).join('\n')}
  The compilers and libraries of each package are listed, with their versions, in its .buildinfo. All of npm comes by the hashes of
  package-lock.json, and the runtime that is shipped by packaging/runtime.sha256.

To make it again, on a Debian of this architecture as root or with sudo, from the same commit:
  git checkout ${commit}
  npm run release${options.length === 0 ? '' : ` -- ${options.join(' ')}`}
and compare SHA256SUMS. The archive is the same wherever it is made, and this text with the tools above. The packages are the same as long
as Debian's archive gives the versions of their .buildinfo; snapshot.debian.org has those of before (DEBIAN_MIRROR).
`;
}

/** The sums of a release in the format of sha256sum(1), in the order of names. */
export function renderSums(sums: ReadonlyMap<string, string>): string {
  return [...sums]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, sum]) => `${sum}  ${name}\n`)
    .join('');
}
