// What a run of vitest says of each peer.
import type { Peer } from './part.ts';
import type { PartResult } from './results.ts';

/** What is looked at of vitest's TestModule. */
export interface FinishedModule {
  readonly moduleId: string;
  readonly project: { readonly name: string };
  readonly state: () => string;
  readonly children: {
    readonly allTests: () => Iterable<{
      readonly fullName: string;
      readonly result: () => { readonly state: string };
    }>;
  };
}

/**
 * @param modules the test files of all peers, as they ended.
 * @param date YYYY-MM-DD
 */
export function collectResult(
  modules: readonly FinishedModule[],
  peers: readonly Peer[],
  pgtoken: string,
  date: string,
): PartResult {
  const shown: Record<string, string[]> = {};
  const results = peers.map(({ what, version, origin }) => {
    const own = modules.filter(({ project }) => project.name === projectName({ what, version }));
    let passed = 0;
    const failed: string[] = [];
    for (const module of own.toSorted((a, b) => a.moduleId.localeCompare(b.moduleId))) {
      const file = module.moduleId.slice(module.moduleId.lastIndexOf('/') + 1);
      const tests = [...module.children.allTests()];
      const names = tests.map(({ fullName }) => fullName);
      // Not every peer is asked the same.
      shown[file] = [...new Set([...(shown[file] ?? []), ...names])];
      // A test that was skipped has shown nothing.
      const bad = tests.filter((test) => test.result().state !== 'passed');
      passed += tests.length - bad.length;
      failed.push(...bad.map(({ fullName }) => fullName));
      if (bad.length === 0 && module.state() !== 'passed') failed.push(`${file} as a whole`);
    }
    if (own.length === 0) failed.push('no test was run');
    return { what, version, origin, passed, failed };
  });
  return { pgtoken, date, peers: results, shown };
}

/** The name of the vitest project of a peer. */
export function projectName({ what, version }: Pick<Peer, 'what' | 'version'>): string {
  return `${what} ${version}`;
}
