// Whether what is checked out may be released: what package.json, CHANGELOG.md, SECURITY.md and debian/changelog say of it has to go
// together, and nothing may lie in the tree that the commit does not have.
import { readChangelog } from '../prepare/read-changelog.ts';

/** What there is to see of a checkout. */
export interface Checkout {
  /** `version` of package.json. */
  readonly version: string;
  readonly changelog: string;
  readonly security: string;
  readonly debianChangelog: string;
  /** `git status --porcelain`. */
  readonly status: string;
  /** `2026-01-31`; what is dated later has not happened yet. */
  readonly today: string;
}

/** What keeps it from being released, and what to do about it. */
export interface ReleaseProblem {
  readonly problem: string;
  readonly hint: string;
}

/** SECURITY.md has this sentence as long as CHANGELOG.md has no release, and not any more then. */
const NONE_YET = 'There is no release yet';

const HEADING = /^## (\S+)(?: \((.*)\))?$/gm;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

interface Version {
  readonly version: string;
  /** Undefined for one that was not released. */
  readonly date: string | undefined;
}

/** @returns all problems; none where it may be released. */
export function checkRelease(checkout: Checkout): readonly ReleaseProblem[] {
  const { version, changelog, security, debianChangelog, status, today } = checkout;
  const versions = readVersions(changelog);
  const problems: ReleaseProblem[] = [];
  const add = (problem: string, hint: string): void => {
    problems.push({ problem, hint });
  };

  const dirty = status.split('\n').filter((line) => line !== '');
  if (dirty.length > 0) {
    add(
      `the tree has ${dirty.length === 1 ? 'a change' : `${dirty.length} changes`} that no commit has: ${dirty.slice(0, 5).join(', ')}${dirty.length > 5 ? ', …' : ''}`,
      'Commit them, or release from a fresh clone.',
    );
  }
  const [newest] = versions;
  const own = versions.find((one) => one.version === version);
  if (own === undefined) {
    add(
      `package.json has version ${version}; CHANGELOG.md has ${versions.map((one) => one.version).join(', ') || 'none'}`,
      `Write "## ${version} (${today})" above its changes.`,
    );
  } else if (own.date === undefined) {
    add(
      `CHANGELOG.md does not say when ${version} is released; expected "## ${version} (${today})"`,
      'Write the date of the release in the place of what is in the brackets.',
    );
  } else if (own.date > today) {
    add(
      `CHANGELOG.md has ${version} of ${own.date}; today is ${today}`,
      'A release is not of the future: write the date of today.',
    );
  }
  if (own !== undefined && newest !== own) {
    add(
      `the newest version of CHANGELOG.md is ${newest?.version}; package.json has ${version}`,
      'Write the version that is to be released into package.json and package-lock.json.',
    );
  }
  const entry = readChangelog(debianChangelog).version;
  if (entry !== version) {
    add(
      `packaging/debian/changelog begins with ${entry}; package.json has ${version}`,
      'Add an entry for it there: the package has its version and its times from that file.',
    );
  }
  const isReleased = versions.some((one) => one.date !== undefined);
  const saysNone = security.replaceAll(/\s+/g, ' ').includes(NONE_YET);
  if (isReleased === saysNone) {
    add(
      isReleased
        ? `SECURITY.md says "${NONE_YET}"; CHANGELOG.md has one`
        : `CHANGELOG.md has no release, that is none with a date; SECURITY.md does not say "${NONE_YET}"`,
      'Make the section "Supported versions" of SECURITY.md say what is supported.',
    );
  }
  return problems;
}

/** The versions of CHANGELOG.md, newest first. */
export function readVersions(changelog: string): readonly Version[] {
  return [...changelog.matchAll(HEADING)].map(([, version = '', remark = '']) => ({
    version,
    date: DATE.test(remark) ? remark : undefined,
  }));
}
