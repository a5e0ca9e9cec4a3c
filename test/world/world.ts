// npm run test:world -- PART: pgtoken against real programs of others, in the versions that docs/understand/compatibility.md lists. What it
// needs is built or downloaded first, and kept; what cannot be had is an error. Exit status 0 when every test has passed.
//
//   --record        writes the outcome to results/ and docs/understand/compatibility.md
//   --only TEXT     the test files with this in their path alone
//   --version TEXT  the peers of this version alone
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect, parseArgs } from 'node:util';

import { type Reporter, startVitest } from 'vitest/node';

import { collectResult } from './collect-result.ts';
import { handOverPeers } from './hand-over-peers.ts';
import { cacheFolder } from './machine/cache-folder.ts';
import { createProgress } from './machine/create-progress.ts';
import { runFollowed } from './machine/run-followed.ts';
import { createTestTeller } from './machine/tell-tests.ts';
import { PARTS } from './parts.ts';
import { readVersion } from './read-version.ts';
import { renderCompatibility } from './render-compatibility.ts';
import { readResult, type PartResult, writeResult } from './results.ts';

const ROOT = join(import.meta.dirname, '..', '..');

const pgtoken = readVersion(await readFile(join(ROOT, 'CHANGELOG.md'), 'utf8'));

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    record: { type: 'boolean', default: false },
    only: { type: 'string' },
    version: { type: 'string' },
  },
});
process.exitCode = await main().then(
  (isGood) => (isGood ? 0 : 1),
  (error: unknown) => {
    // Something that is missing says what to do; anything else is a defect, and where it is matters.
    const isMissing = error instanceof Error && error.message.includes('\nHINT: ');
    print(isMissing ? error.message : inspect(error));
    return 1;
  },
);

async function main(): Promise<boolean> {
  const [name, ...more] = positionals;
  const part = PARTS.find((one) => one.name === name);
  if (part === undefined || more.length > 0) {
    const names = PARTS.map((one) => one.name).join(', ');
    print(`expected one part: ${names}; for example npm run test:world -- ${PARTS[0]?.name}`);
    return false;
  }
  if (values.record && (values.only !== undefined || values.version !== undefined)) {
    print('a part of the tests is no outcome: --record goes without --only and --version');
    return false;
  }
  const cache = cacheFolder(process.env);
  print(`${part.title}: what is built and downloaded is kept in ${cache}`);
  const progress = createProgress({ write: print, file: join(cache, 'durations.json') });

  for (const script of ['build', 'build:pam']) {
    await progress.step(`pgtoken: ${script}`, async () =>
      runFollowed('npm', ['run', '-s', script], { cwd: ROOT, env: definedOnly(process.env) }),
    );
  }
  const prepared = await progress.step(`${part.name}: prepare`, async () =>
    part.prepare(cache, progress),
  );
  const peers = prepared.filter(
    ({ version }) => values.version === undefined || version.includes(values.version),
  );
  if (peers.length === 0) {
    const versions = prepared.map(({ version }) => version).join(', ');
    print(`no version ${values.version} among ${versions}`);
    return false;
  }
  handOverPeers({ part: part.name, peers });
  // Only whole runs are worth comparing.
  const what = values.only ?? (peers.length < prepared.length ? values.version : undefined);
  const result = await progress.step(
    `${part.name}: test${what === undefined ? '' : ` ${what}`}`,
    async (tell) =>
      runTests(createTestTeller(progress.say, tell), (modules) =>
        collectResult(modules, peers, pgtoken, today()),
      ),
  );
  for (const { what: peer, version, passed, failed } of result.peers) {
    print(`${peer} ${version}: ${passed} passed, ${failed.length} failed`);
    for (const sentence of failed) print(`  failed: ${sentence}`);
  }
  if (values.record) {
    await writeResult(part.name, result);
    await writeFile(
      join(ROOT, 'docs/understand/compatibility.md'),
      renderCompatibility(PARTS, readResult),
    );
    print('recorded: docs/understand/compatibility.md is written anew');
  }
  return result.peers.every(({ passed, failed }) => passed > 0 && failed.length === 0);
}

type Collect = (modules: Parameters<typeof collectResult>[0]) => PartResult;

async function runTests(teller: Reporter, collect: Collect): Promise<PartResult> {
  const vitest = await startVitest(values.only === undefined ? [] : [values.only], {
    root: ROOT,
    config: join(import.meta.dirname, 'vitest.config.ts'),
    run: true,
    watch: false,
    reporters: ['default', teller],
  });
  const result = collect(vitest.state.getTestModules());
  const errors = vitest.state.getUnhandledErrors().length;
  await vitest.close();
  if (errors > 0) throw new Error(`${errors} errors outside of the tests; see above`);
  return result;
}

function definedOnly(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}
