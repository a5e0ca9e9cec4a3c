// `pgtoken explain`: why a login was, or would be, granted or refused. Decides with the very code that logins are decided
// with, and tells each of its steps. The token comes from standard input or a file: a command line is for all to see.
import { createReadStream } from 'node:fs';
import { authorize } from '../../decide/authorize.ts';
import type { DecisionRecord } from '../../decide/decision.ts';
import { createKeysOf } from '../../issuer-keys/keys-of.ts';
import type { TraceStep } from '../../decide/trace.ts';
import { systemClock } from '../../clock.ts';
import { describeFileError } from '../../describe-file-error.ts';
import { isRefusal } from '../../errors.ts';
import { createDiskKeyCache } from '../../keys/disk-key-cache.ts';
import type { KeyCache } from '../../keys/key-record.ts';
import type { Policy } from '../../policy/policy.ts';
import { findCacheFolder } from '../cache-folder.ts';
import { type Explanation, formatExplanation, NO_ROLE } from './format-explanation.ts';
import { isUsable, type ListedRole, listRoles } from './list-roles.ts';
import { sessionOf } from './session-of.ts';
import { formatJSON } from '../output/format-json.ts';
import { readToken } from '../read-token.ts';
import { reviewOnce } from '../review-once.ts';
import type { MetBy } from './plan-hba-line.ts';
import type { ProvisionPlan } from './plan-provision.ts';
import { loadPolicyOrReport } from '../output/report.ts';
import { wantsColour } from '../output/wants-colour.ts';

/** The options of `pgtoken explain`. */
export interface ExplainOptions {
  readonly config: string;
  /** Where the daemon keeps keys. */
  readonly cacheDir: string;
  /** The role that is asked for; default: all that the token may log in as are listed. */
  readonly role?: string;
  readonly service: string;
  /** The client's address; undefined for a unix socket. */
  readonly rhost?: string;
  /** The time to decide for, Unix time in seconds; default: now. */
  readonly at?: number;
  /** The file with the token; default: standard input. */
  readonly tokenFile?: string;
  readonly json: boolean;
  /** Whether the API server of `review` is asked too; it is sent the token then. */
  readonly review: boolean;
  /** Whether to ask the server what would be done in it. */
  readonly server: boolean;
  /** The database, for the line of pg_hba.conf. */
  readonly database: string;
}

/**
 * Explains one login on standard output.
 *
 * @returns the exit status: 0 granted, 1 denied, 2 cannot be decided; without a role, 0 where there is one to log in as.
 */
export async function explain(options: ExplainOptions): Promise<number> {
  const password = await findToken(options);
  if (typeof password !== 'string') {
    process.stderr.write(`pgtoken: ${password.problem}\nHINT: ${password.hint}\n`);
    return 2;
  }
  const policy = await loadPolicyOrReport(options.config, process.stderr);
  if (policy === undefined) {
    return 2;
  }
  const { role, rhost, at = systemClock() } = options;
  // As PAM folds it.
  const service = options.service.toLowerCase();
  const steps: TraceStep[] = [];
  const cache = withoutFailures(
    createDiskKeyCache({
      folder: findCacheFolder(options.config),
      sharedFolder: options.cacheDir,
    }),
  );
  const login = { role: role ?? NOBODY, service, source: rhost, password };
  const decided = await authorize(login, policy, {
    clock: () => at,
    // Keys are those of today: what an issuer had yesterday cannot be known.
    keysOf: createKeysOf({ cache, clock: systemClock }),
    trace: (step) => steps.push(step),
    ...(options.review ? { review: reviewOnce } : {}),
  });
  const session = sessionOf(decided, policy, at);
  const roles = role === undefined ? await rolesOf(decided, steps, policy) : undefined;
  const plan =
    options.server && role !== undefined
      ? await askServer({ role, service, database: options.database, rhost }, decided, policy)
      : undefined;
  const shown = role === undefined ? steps.filter(({ step }) => step !== 'role') : steps;
  const explanation = {
    login: { role, service, rhost, at, database: options.database },
    decided,
    session,
    roles,
    plan,
    steps: shown,
  };
  process.stdout.write(
    options.json
      ? formatJSON(describe(explanation))
      : formatExplanation(explanation, {
          columns: chooseWidth(process.stdout.columns),
          colour: wantsColour(process.stdout, process.env),
        }),
  );
  const { decision } = decided;
  if (plan !== undefined && 'problem' in plan && plan.denies) {
    return 2;
  }
  if (decision.granted || roles?.some(isUsable) === true) {
    return 0;
  }
  return decision.outcome === 'denied' ? 1 : 2;
}

/** A role that no rule yields, and that PostgreSQL cannot have: whoever asks for it is refused at the last step, if at none before. */
const NOBODY = '';

/** @returns undefined where no entry came as far as the roles. */
async function rolesOf(
  { token }: DecisionRecord,
  steps: readonly TraceStep[],
  policy: Policy,
): Promise<readonly ListedRole[] | undefined> {
  const entries = new Set(
    steps.flatMap(({ step, issuer }) => (step === 'role' && issuer !== undefined ? [issuer] : [])),
  );
  return token === undefined || entries.size === 0
    ? undefined
    : listRoles(policy, entries, token.claims);
}

async function askServer(
  login: MetBy,
  decided: DecisionRecord,
  policy: Policy,
): Promise<ProvisionPlan | undefined> {
  const { planProvision } = await import('./plan-provision.ts');
  return planProvision(login, decided, policy);
}

/** Somebody who asks why does not want to be told how it was half a minute ago. */
function withoutFailures(cache: KeyCache): KeyCache {
  return {
    ...cache,
    read(name, source) {
      const record = cache.read(name, source);
      return record?.keySet.keys.length === 0 ? undefined : record;
    },
  };
}

/** A terminal that does not know its width, as behind a serial line, says 0; one narrower than the indent has no room. */
function chooseWidth(columns: number | undefined): number {
  return columns === undefined || columns === 0 ? 80 : Math.min(Math.max(columns, 40), 100);
}

async function findToken({
  tokenFile,
}: ExplainOptions): Promise<string | { readonly problem: string; readonly hint: string }> {
  if (tokenFile === undefined && process.stdin.isTTY) {
    return {
      problem: 'no token: standard input is a terminal',
      hint: 'Run pgtoken explain < token, or name a file with --token-file.',
    };
  }
  let token;
  try {
    token = await readToken(tokenFile === undefined ? process.stdin : createReadStream(tokenFile));
  } catch (error) {
    return {
      problem: `cannot read ${tokenFile ?? 'standard input'}: ${describeFileError(error)}`,
      hint: 'Name a file with a token.',
    };
  }
  if (isRefusal(token)) {
    return { problem: token.message, hint: 'Send one token, and nothing else.' };
  }
  // A file made by hand mostly ends in a line break, which no client sends.
  const password = token.replace(/\r?\n$/, '');
  return password === ''
    ? {
        problem: `no token: ${tokenFile ?? 'standard input'} is empty`,
        hint: 'Pipe the token in, or name the file that has it with --token-file.',
      }
    : password;
}

/** What `--json` writes. Members are added, never taken away. */
function describe(explanation: Explanation): unknown {
  const { login, decided, session, roles, plan, steps } = explanation;
  return {
    ...outcomeOf(explanation),
    role: login.role ?? null,
    roles:
      roles?.map(({ role, issuer, rule, barred }) => ({
        role,
        issuer,
        rule,
        barred: barred ?? null,
      })) ?? null,
    service: login.service,
    rhost: login.rhost ?? null,
    at: new Date(login.at * 1000).toISOString(),
    issuer: decided.issuer ?? null,
    session:
      session === undefined
        ? null
        : {
            ends: session.ends === undefined ? null : new Date(session.ends * 1000).toISOString(),
            cause: session.cause ?? null,
            end: session.end,
            renew: session.renew,
          },
    provision: plan ?? null,
    steps: steps.map(({ issuer, step, expected, seen, refusal }) => ({
      issuer: issuer ?? null,
      step,
      passed: refusal === undefined,
      expected,
      seen,
      code: refusal?.code ?? null,
      message: refusal?.message ?? null,
      hint: refusal?.hint ?? null,
    })),
  };
}

function outcomeOf({
  decided: { decision },
  roles,
}: Explanation): Readonly<Record<string, unknown>> {
  if (decision.granted || roles?.some(isUsable) === true) {
    return { granted: true, code: null, message: null, hint: null };
  }
  const { code, message, hint = null } = decision;
  return roles === undefined
    ? { granted: false, code, message, hint }
    : { granted: false, code, message: NO_ROLE, hint: null };
}
