// `pgtoken init`: from whatever is known of an issuer to the files of a first login. Shows first what it would do, writes what is
// missing and nothing else, and has doctor look at the result.
import { codeOf } from '../../code-of.ts';
import { createRealHost } from '../../doctor/host/real-host.ts';
import { SYSTEM_CACHE_FOLDER } from '../../keys/disk-key-cache.ts';
import { carryOut } from '../../init/plan/carry-out.ts';
import { makePlan, type Plan } from '../../init/plan/plan.ts';
import type { InitProblem } from '../../init/init-problem.ts';
import { KINDS } from '../../init/kinds.ts';
import { messageOf } from '../../message-of.ts';
import { reportProblem } from '../output/report-problem.ts';
import { wrap } from '../output/wrap.ts';
import { formatFiles, formatPlan, missingOf, othersOf } from './format-plan.ts';
import { formatSteps } from './format-steps.ts';
import { gather, type Gathered, titleOf } from './gather.ts';
import type { InitOptions } from './init-options.ts';

/** @returns the exit status: 0 all is written, or would be; 1 something is in the way; 2 a value that is needed is missing. */
export async function init(kindName: string | undefined, options: InitOptions): Promise<number> {
  if (options.list) {
    process.stdout.write(formatKinds());
    return 0;
  }
  const mayAsk = process.stdin.isTTY && process.stdout.isTTY;
  const gathered = await gather(kindName, options, mayAsk);
  if ('problem' in gathered) {
    reportProblem(gathered);
    return statusOf(gathered);
  }
  const plan = await makePlan(wantedOf(gathered, options), createRealHost());
  if ('problem' in plan) {
    reportProblem(plan);
    return statusOf(plan);
  }
  process.stdout.write(`${formatPlan(plan, gathered.detected.told)}\n`);
  if (options.dryRun) {
    process.stdout.write(
      `${formatFiles([...missingOf(plan), ...othersOf(plan)])}\n${formatSteps(plan)}`,
    );
    return othersOf(plan).length === 0 ? 0 : 1;
  }
  if (missingOf(plan).length > 0 && gathered.hasAsked) {
    const { askWhether } = await import('./ask.ts');
    if (!(await askWhether('Write what is missing?', true))) {
      process.stdout.write('Nothing was written.\n');
      return 1;
    }
  }
  const status = await write(plan);
  process.stdout.write(formatSteps(plan));
  if (options.doctor) {
    process.stdout.write('\nWhat doctor says of this host now:\n\n');
    await examine(options);
  }
  return status;
}

function statusOf({ isInTheWay }: InitProblem): 1 | 2 {
  return isInTheWay === true ? 1 : 2;
}

function wantedOf({ kind, answers, detected }: Gathered, options: InitOptions) {
  const hasOwnAuthority = kind.parameters.some(({ name }) => name === 'certificate-authority');
  const authority = detected.certificateAuthority;
  return {
    kind,
    answers,
    texts:
      authority === undefined
        ? detected.texts
        : new Map([...detected.texts, ['certificate-authority', authority]]),
    certificateAuthority: hasOwnAuthority ? undefined : authority,
    name: kind.entry === undefined ? undefined : options.name,
    places: {
      config: options.config,
      pamDir: options.pamDir,
      service: options.service ?? kind.service,
    },
    database: options.database,
    address: options.address,
    hba: options.hba,
    provision: options.provision,
    offline: options.offline,
    token: detected.token,
  };
}

async function write(plan: Plan): Promise<number> {
  const others = othersOf(plan);
  let late: readonly string[];
  try {
    const done = await carryOut(plan.files);
    late = done.filter(({ written }) => !written).map(({ file }) => file.path);
    const lines = done.filter(({ written }) => written).map(({ file }) => `Wrote ${file.path}.\n`);
    process.stdout.write(`${lines.join('') || 'Nothing was missing.\n'}\n`);
  } catch (error) {
    const code = codeOf(error);
    reportProblem({
      problem: `cannot write: ${messageOf(error)}`,
      hint:
        code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
          ? 'Run this as root; --config and --pam-dir write elsewhere.'
          : 'Fix this, and run the same again: what was written is kept.',
    });
    return 1;
  }
  for (const path of late) {
    reportProblem({
      problem: `${path} came up in the meantime, and was not written`,
      hint: 'Run this again.',
    });
  }
  if (others.length > 0) {
    process.stdout.write(
      `These are there already, and stay as they are. This would have been in them:\n\n${formatFiles(others)}\n`,
    );
  }
  return late.length === 0 && others.length === 0 ? 0 : 1;
}

async function examine(options: InitOptions): Promise<void> {
  const { runDoctor } = await import('../doctor/doctor.ts');
  await runDoctor({
    config: options.config,
    cacheDir: SYSTEM_CACHE_FOLDER,
    user: 'postgres',
    pgbouncer: '/etc/pgbouncer/pgbouncer.ini',
    json: false,
    check: false,
    quiet: false,
    ...(options.hba === undefined ? {} : { hba: options.hba }),
    ...(options.pamDir === '/etc/pam.d' ? {} : { pamDir: options.pamDir }),
  });
}

function formatKinds(): string {
  const width = Math.max(...KINDS.map(({ name }) => name.length)) + 2;
  return KINDS.map((kind) => `${kind.name.padEnd(width)}${wrap(titleOf(kind), width)}\n`).join('');
}
