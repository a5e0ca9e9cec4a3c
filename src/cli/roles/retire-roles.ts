// `pgtoken roles retire`: a plan by what the server knows of the use of its roles, and with --yes each step of it, which the server
// looks at again. What is open after a role was set NOLOGIN was let in just before, and is told of.
import {
  listManagedRoles,
  planRetirement,
  retireRole,
  type RetirementStep,
} from '../../postgres/retire-roles.ts';
import { toPrintable } from '../../protocol/format-reply.ts';
import { formatJSON } from '../output/format-json.ts';
import { count } from '../output/report.ts';
import { type AskedServer, askServers } from './ask-servers.ts';
import { formatSteps, toISO } from './format-roles.ts';
import type { RolesOptions } from './roles.ts';

/** The options of `pgtoken roles retire`. */
export interface RetireRolesOptions extends RolesOptions {
  /** Seconds. */
  readonly unused: number;
  readonly drop: boolean;
  readonly yes: boolean;
}

/** What came of a server's plan. */
interface Retired {
  readonly server: string;
  readonly steps: readonly RetirementStep[];
  /** Those that were not taken, though the plan had them. */
  readonly failed: number;
}

/** Shows and retires roles. @returns the exit status. */
export async function retireRoles(options: RetireRolesOptions): Promise<number> {
  const asked = await askServers(options, async (server) => retireIn(server, options));
  if (asked === undefined) {
    return 2;
  }
  const { answers, isComplete } = asked;
  if (options.json) {
    process.stdout.write(formatJSON(answers.flatMap(describe)));
  }
  const due = answers.flatMap(({ steps }) => steps.filter(({ step }) => step !== 'keep')).length;
  if (!options.yes && due > 0) {
    process.stderr.write(`pgtoken: nothing was done; with --yes ${count(due, 'role')} would\n`);
  }
  if (!isComplete) {
    return 2;
  }
  return answers.some(({ failed }) => failed > 0) ? 1 : 0;
}

/** One after the other, each a transaction of its own. */
async function retireIn(
  { name, client }: AskedServer,
  { unused, drop, yes, json }: RetireRolesOptions,
): Promise<Retired> {
  const steps = await planRetirement(client, unused, drop);
  if (!json) {
    process.stdout.write(formatSteps(name, steps, Date.now() / 1000));
  }
  let failed = 0;
  const done: RetirementStep[] = [];
  for (const step of yes ? steps : []) {
    if (step.step === 'keep') continue;
    const because = await retireRole(client, unused, step);
    if (because === null) {
      done.push(step);
    } else {
      failed += 1;
      tell(name, `${step.role} is kept: ${because}`);
    }
  }
  const retired = new Set(done.filter(({ step }) => step === 'retire').map(({ role }) => role));
  for (const { role, sessions } of retired.size > 0 ? await listManagedRoles(client) : []) {
    if (retired.has(role) && sessions > 0) {
      failed += 1;
      tell(
        name,
        `${role} was logged in to while it was retired, and has open sessions: ${sessions}. Let it in again, or end them`,
      );
    }
  }
  if (yes) {
    tell(name, `${count(retired.size, 'role')} retired, ${done.length - retired.size} dropped`);
  }
  return { server: name, steps, failed };
}

function tell(server: string, what: string): void {
  process.stderr.write(`pgtoken: server ${server}: ${toPrintable(what)}\n`);
}

/** What `--json` writes. Members are added, never taken away. */
function describe({ server, steps }: Retired): readonly unknown[] {
  return steps.map(({ role, entry, subject, lastLogin, step, because }) => ({
    server,
    role,
    entry,
    subject,
    lastLogin: toISO(lastLogin),
    step,
    because,
  }));
}
