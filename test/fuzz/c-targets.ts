// The targets in C: harnesses of test/pam/fuzz/ under libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer. Before each run
// the same harness must find, among the inputs of the repository, what is planted in the module.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { run } from '../support/run.ts';
import { runChecked } from '../support/run-checked.ts';

/** How a run went. */
export interface CFuzzResult {
  readonly executions: number;
  /** What was found, with how to see it again. */
  readonly failure?: string;
}

export interface CFuzzTarget {
  readonly name: string;
  /** The harness, which is also the name of its corpus and its dictionary. */
  readonly harness: string;
}

/** All of them. */
export const C_TARGETS: readonly CFuzzTarget[] = [
  { name: 'module-reply', harness: 'reply' },
  { name: 'module-options', harness: 'options' },
];

const pamTests = join(import.meta.dirname, '../pam');
const output = join(pamTests, '../../pam/build/fuzz');
const COMMON = ['-timeout=10', '-rss_limit_mb=2048', '-max_len=2048'];

/**
 * Runs one for that many seconds. Rejects when it cannot run at all.
 *
 * @param grow whether inputs that reach something new are kept in the repository.
 */
export async function fuzzC(
  { harness }: CFuzzTarget,
  { seconds, grow }: { readonly seconds: number; readonly grow: boolean },
): Promise<CFuzzResult> {
  const corpus = join(pamTests, 'fuzz/corpus', harness);
  await assertFindsPlanted(harness, corpus);
  const program = await build(harness);
  const folder = await mkdtemp(join(output, `${harness}-`));
  const [found, failures] = [join(folder, 'corpus'), join(folder, 'failures/')];
  await mkdir(found);
  await mkdir(failures);
  const { status, stderr } = await run(
    program,
    [
      ...COMMON,
      `-max_total_time=${Math.max(1, Math.round(seconds))}`, // 0 would be without end
      '-print_final_stats=1',
      `-dict=${join(pamTests, 'fuzz', `${harness}.dict`)}`,
      `-artifact_prefix=${failures}`,
      found,
      corpus,
    ],
    { hangLimit: (seconds + 120) * 1000 },
  );
  const [, count] = /^stat::number_of_executed_units: +(\d+)$/m.exec(stderr) ?? [];
  if (count === undefined) throw new Error(`${program} did not run:\n${stderr}`);
  const executions = Number(count);
  if (status !== 0) {
    const [, input = '(none was written)'] = /Test unit written to (\S+)/.exec(stderr) ?? [];
    const [reason = 'it ended for an unknown reason'] =
      /^(?:not so: .*|.*(?:ERROR|runtime error): .*)$/m.exec(stderr) ?? [];
    return { executions, failure: `${reason}\nagain: ${program} ${input}` };
  }
  if (grow) await runChecked(program, [...COMMON, '-merge=1', corpus, found]);
  await rm(folder, { recursive: true });
  return { executions };
}

/** Builds a harness, with what is planted where it says so, and returns the path of the program. */
async function build(harness: string, plant?: string): Promise<string> {
  const kind = plant === undefined ? [] : [`PLANT=planted/${plant}.h`];
  const folder = plant === undefined ? output : join(output, `planted-${plant}`);
  const program = join(folder, harness);
  await runChecked('make', ['-s', '-C', pamTests, `OUT=${folder}`, ...kind, program]);
  return program;
}

async function assertFindsPlanted(harness: string, corpus: string): Promise<void> {
  const program = await build(harness, 'lenient');
  const replay = ['-runs=0', `-artifact_prefix=${program}-`, corpus];
  const { status, stderr } = await run(program, replay);
  if (status === 0 || !stderr.includes('not so: ')) {
    throw new Error(
      `the fuzzer ${harness} does not find what is planted in the module:\n${stderr}`,
    );
  }
}
