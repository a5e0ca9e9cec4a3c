// Says which packages of package.json were superseded more than 14 days ago: the last part of npm run check. A report, and
// no failure: what is newest is of the day, and whether to take it somebody has to decide. npm's answers are kept for a day in
// node_modules, as asking takes half a minute.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import * as z from 'zod/mini';

import { askNpm } from './ask-npm.ts';
import { findSuperseded, type PublishedVersions } from './find-superseded.ts';

const DAY = 86_400_000;
/** For how many days a newer version may be out before it is reported. */
const DAYS = 14;
/** How many questions npm is asked at once; each is a process. */
const AT_ONCE = 4;

const names = z.optional(z.record(z.string(), z.string()));
const manifestSchema = z.looseObject({
  dependencies: names,
  devDependencies: names,
  optionalDependencies: names,
});
const cacheSchema = z.record(
  z.string(),
  z.object({
    asked: z.number(),
    published: z.object({ latest: z.string(), times: z.record(z.string(), z.string()) }),
  }),
);
type Cache = z.output<typeof cacheSchema>;

/** Where and how it asks. */
export interface ReportOptions {
  /** The folder with package.json and node_modules. */
  readonly checkout: string;
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds for all questions together. */
  readonly limit: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Takes each line, without its line break. */
  readonly say: (line: string) => void;
}

/** Reports. Rejects when package.json cannot be read; that npm cannot be asked is part of the report. */
export async function reportSuperseded(options: ReportOptions): Promise<void> {
  const { checkout, limit, now, say } = options;
  const manifest = manifestSchema.parse(
    JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8')),
  );
  const pinned = Object.entries({
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.devDependencies,
  });

  const cacheFile = join(checkout, 'node_modules', '.cache', 'pgtoken', 'published.json');
  const cache = await readCache(cacheFile, now);
  const missing = pinned.map(([name]) => name).filter((name) => !Object.hasOwn(cache, name));
  if (missing.length > 0) {
    say(`asking npm about ${countOf(missing.length)}, for ${limit / 1000} s at most`);
  }
  const { answers, reason } = await askAll(missing, options);
  for (const [name, published] of answers) {
    cache[name] = { asked: now, published };
  }
  if (answers.size > 0) {
    await mkdir(dirname(cacheFile), { recursive: true });
    await writeFile(cacheFile, JSON.stringify(cache));
  }

  const old = pinned.flatMap(([name, version]) => {
    const published = cache[name]?.published;
    const found = published === undefined ? undefined : findSuperseded(version, published);
    const days = found === undefined ? 0 : Math.floor((now - found.since.getTime()) / DAY);
    if (found === undefined || days <= DAYS) {
      return [];
    }
    const since = found.since.toISOString().slice(0, 10);
    return [
      `  ${name} ${version}: superseded on ${since}, ${days} days ago; newest ${found.newest}`,
    ];
  });
  const unknown = missing.filter((name) => !answers.has(name));
  if (unknown.length < pinned.length) {
    const known = countOf(pinned.length - unknown.length);
    say(`${known}, ${old.length === 0 ? 'none' : old.length} superseded for over ${DAYS} days`);
  }
  for (const line of old) {
    say(line);
  }
  if (unknown.length > 0) {
    const what = unknown.length === pinned.length ? 'any package' : unknown.join(', ');
    say(`npm did not say what is newest of ${what}: ${reason}`);
  }
}

/** Asks about all of them, a few at once, and gives up at the first that fails: the others would fail in the same way. */
async function askAll(
  missing: readonly string[],
  { env, limit }: ReportOptions,
): Promise<{ answers: ReadonlyMap<string, PublishedVersions>; reason: string }> {
  const answers = new Map<string, PublishedVersions>();
  const abort = new AbortController();
  const waiting = [...missing];
  let reason = `no answer within ${limit / 1000} s`;
  const work = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      answers.set(name, await askNpm(name, { env, signal: abort.signal }));
    }
  };
  const done = Promise.all(Array.from({ length: AT_ONCE }, work)).catch((error: unknown) => {
    if (!abort.signal.aborted) {
      reason = error instanceof Error ? error.message : String(error);
    }
  });
  const timer = new AbortController();
  await Promise.race([
    done,
    setTimeout(limit, undefined, { signal: timer.signal }).catch(() => {}),
  ]);
  timer.abort();
  abort.abort();
  await done;
  return { answers, reason };
}

/** What npm has said within a day. A cache that cannot be read is an empty one. */
async function readCache(file: string, now: number): Promise<Cache> {
  try {
    const cache = cacheSchema.parse(JSON.parse(await readFile(file, 'utf8')));
    return Object.fromEntries(
      Object.entries(cache).filter(([, { asked }]) => asked <= now && now - asked < DAY),
    );
  } catch {
    return {};
  }
}

function countOf(packages: number): string {
  return `${packages} package${packages === 1 ? '' : 's'}`;
}

if (import.meta.main) {
  await reportSuperseded({
    checkout: join(import.meta.dirname, '..', '..'),
    env: process.env,
    limit: 60_000,
    now: Date.now(),
    say: (line) => process.stdout.write(`dependencies: ${line}\n`),
  });
}
