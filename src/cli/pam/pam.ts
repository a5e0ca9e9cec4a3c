// `pgtoken pam`: one decision for a PAM module, as a process of its own. The exit status is the answer; whatever goes
// wrong on the way is "cannot decide", never a grant.
import { writeSync } from 'node:fs';
import { authorize } from '../../decide/authorize.ts';
import type { Decision } from '../../decide/decision.ts';
import type { Login } from '../../decide/login.ts';
import { invalidConfig } from '../../policy/invalid-config.ts';
import { createKeysOf } from '../../issuer-keys/keys-of.ts';
import type { Policy } from '../../policy/policy.ts';
import { readCachedPolicy } from '../../policy/read-cached-policy.ts';
import { systemClock } from '../../clock.ts';
import { createParseCache, NO_PARSE_CACHE } from '../../config/parse-cache.ts';
import { isRefusal, placeOf, refuse, type Refusal } from '../../errors.ts';
import { createDiskKeyCache, SYSTEM_CACHE_FOLDER } from '../../keys/disk-key-cache.ts';
import { formatReply } from '../../protocol/format-reply.ts';
import { quote } from '../../quote.ts';
import { BUILD } from '../build.ts';
import { findCacheFolder } from '../cache-folder.ts';
import { readToken } from '../read-token.ts';
import { reviewOnce } from '../review-once.ts';
import type { PAMOptions } from '../pam-arguments.ts';

/** Decides the login that environment and standard input describe, and ends the process with the answer. */
export async function decideForPAM(options: PAMOptions): Promise<void> {
  // Whatever ends this process without a decision is no grant.
  process.exitCode = 2;
  // Counted from the start of the process, as its caller's deadline is.
  const timer = setTimeout(
    () => {
      finish(
        refuse(
          'ERR_DEADLINE',
          `no decision within ${options.timeout} s`,
          'An issuer answers slowly, or the token never came; see http.timeout.',
        ),
      );
    },
    Math.max(options.timeout * 1000 - performance.now(), 0),
  );
  try {
    finish(await decide(options));
  } catch (error) {
    reportAndExit(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Ends the process for a failure that nobody foresaw. Says where it happened, but no value: it might be the token. */
export function reportAndExit(error: unknown): never {
  const name = error instanceof Error ? error.name : typeof error;
  return finish(
    refuse(
      'ERR_INTERNAL',
      `${name} ${placeOf(error)}`,
      'This is a defect of pgtoken: please report it.',
    ),
  );
}

async function decide(options: PAMOptions): Promise<Decision> {
  const login = readEnvironment(process.env);
  if (isRefusal(login)) {
    return login;
  }
  const password = await readToken(process.stdin);
  if (isRefusal(password)) {
    return password;
  }
  const folder = options.cacheDir ?? findCacheFolder(options.config);
  const memory =
    BUILD === undefined || folder === undefined ? NO_PARSE_CACHE : createParseCache(folder, BUILD);
  const loaded = await readCachedPolicy(options.config, memory);
  if (!loaded.ok) {
    const hint = `Run pgtoken config check ${options.config} as this user.`;
    return invalidConfig(options.config, loaded.problems, hint);
  }
  const cache = createDiskKeyCache({ folder, sharedFolder: SYSTEM_CACHE_FOLDER });
  const { decision } = await authorize({ ...login, password }, loaded.policy, {
    clock: systemClock,
    keysOf: createKeysOf({ cache, clock: systemClock }),
    review: reviewOnce,
  });
  return decision.granted ? (refuseUnprovisioned(decision, loaded.policy) ?? decision) : decision;
}

/** Roles follow tokens through the daemon alone: here nobody knows whether something would have to be made or revoked. */
function refuseUnprovisioned(
  { issuer, role }: { readonly issuer: string; readonly role: string },
  { issuers }: Policy,
): Refusal | undefined {
  const entry = issuers.find(({ name }) => name === issuer)?.entry;
  return entry?.provision?.onError === 'deny'
    ? refuse(
        'ERR_PROVISION',
        `role ${quote(role)} cannot be provisioned: the login is decided by a command (mode=exec), and only the daemon acts on servers`,
        'Use the daemon (mode=daemon), or take provision out of the entry.',
      )
    : undefined;
}

function readEnvironment(env: NodeJS.ProcessEnv): Login | Refusal {
  const { PAM_USER: role, PAM_SERVICE: service = '', PAM_RHOST: source, PAM_TYPE: type } = env;
  if (type !== undefined && type !== 'auth') {
    return refuse(
      'ERR_PROTOCOL',
      `called for PAM_TYPE=${quote(type)}; expected auth, the only one that brings a token`,
      'In the account line use pam_pgtoken.so, or pam_permit.so beside pam_exec.so.',
    );
  }
  if (role === undefined || role === '') {
    return refuse(
      'ERR_PROTOCOL',
      'PAM_USER is not set; expected the database role',
      'This command is run by PAM; by hand, set PAM_USER.',
    );
  }
  // As docs/understand/protocol.md has it: an empty PAM_RHOST is no unix socket.
  return { role, service, source };
}

function finish(decision: Decision): never {
  if (!decision.granted) {
    try {
      writeSync(2, `${formatReply(decision)}\n`);
    } catch {
      // Nobody listens; the exit status still answers.
    }
  }
  // Zero for a grant alone, and for nothing that merely lacks a reason to fail.
  process.exit(decision.granted ? 0 : decision.outcome === 'denied' ? 1 : 2);
}
