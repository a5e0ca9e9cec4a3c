// Roles that follow the token, in the daemon: from the first configuration on that has an entry with `provision`, and by code that
// is loaded only then.
import { setTimeout } from 'node:timers/promises';
import type { Logger } from 'pino';
import { monotonicClock } from '../clock.ts';
import type { Login } from '../decide/login.ts';
import type { DecisionRecord } from '../decide/decision.ts';
import type { Refusal } from '../errors.ts';
import type { Metrics } from '../log/metrics.ts';
import type { Policy } from '../policy/policy.ts';
import type { LoginRecords } from '../provision/login-records.ts';
import type { Provisioner } from '../provision/provisioner.ts';

/** Provisions the roles of granted logins where the configuration says so. */
export interface RoleProvision {
  usePolicy(policy: Policy): void;
  /** @returns the record with what was done, or why it could not be. @param by the policy that it was made by. */
  provision(
    login: Login,
    decided: DecisionRecord,
    by: Policy,
    late: () => Promise<Refusal>,
  ): Promise<DecisionRecord>;
  /** Counts what was done, and tells of it what the audit line does not. */
  record(decided: DecisionRecord): void;
  /** Takes a login whose answer was delivered, for what servers know of the use of roles. */
  loggedIn(login: Login, decided: DecisionRecord): void;
  /** Tells servers what they do not know yet, for a moment at most. */
  stop(): Promise<void>;
}

/** How long a login may take, and where it is counted and logged. */
export interface RoleProvisionOptions {
  /** Of a login, in seconds. */
  readonly deadline: number;
  readonly metrics: Pick<Metrics, 'countProvision'>;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** The longest that a server may take, in milliseconds; no more than half of a login's time. */
const LONGEST = 2000;
/** So many names that are not granted are remembered as told; who writes tokens may write more. */
const MAX_TOLD = 1000;
/** So many are told of at one login; the next one tells of more. */
const MAX_AT_ONCE = 20;

/** Servers are told of logins this often, in milliseconds; every so many times also where there were none. */
const RECORD_EVERY = 60_000;
const TIMES_IN_AN_HOUR = 60;
/** The longest that the end of the daemon waits for it, in milliseconds. */
const LONGEST_STOP = 1000;

interface Parts {
  readonly provisioner: Provisioner;
  readonly records: LoginRecords;
}

/** Creates it, with nothing to do yet. */
export function createRoleProvision({
  deadline,
  metrics,
  logger,
}: RoleProvisionOptions): RoleProvision {
  let loading: Promise<Parts> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const told = new Set<string>();

  const load = async (): Promise<Parts> => {
    const [{ createProvisioner }, { createLoginRecords }, { createServerClient }] =
      await Promise.all([
        import('../provision/provisioner.ts'),
        import('../provision/login-records.ts'),
        import('../postgres/server-client.ts'),
      ]);
    const timeout = Math.min(LONGEST, deadline * 500);
    const provisioner = createProvisioner((connection) =>
      createServerClient(connection, { monotonicClock, timeout }),
    );
    const records = createLoginRecords({
      createClient: (connection) => createServerClient(connection, { monotonicClock, timeout }),
      onState(server, error) {
        if (error === undefined) {
          logger.info({ server }, 'logins are recorded in the server again');
        } else {
          const { message: reason, hint } = error;
          logger.warn(
            { server, reason, hint },
            'logins cannot be recorded in the server: it does not know which roles are used',
          );
        }
      },
    });
    return { provisioner, records };
  };
  const startRecording = ({ records }: Parts): void => {
    if (timer !== undefined) return;
    let times = 0;
    timer = setInterval(() => {
      times += 1;
      void records.flush(times % TIMES_IN_AN_HOUR === 0);
    }, RECORD_EVERY).unref();
    void records.flush(true);
  };

  return {
    usePolicy(policy) {
      if (policy.issuers.some(({ entry }) => entry.provision !== undefined)) {
        loading ??= load();
      }
      loading
        ?.then((parts) => {
          parts.provisioner.usePolicy(policy);
          parts.records.usePolicy(policy);
          startRecording(parts);
        })
        .catch((error: unknown) => {
          logger.error({ reason: String(error) }, 'roles cannot be provisioned');
        });
    },
    async provision(login, decided, by, late) {
      const { decision } = decided;
      const entry = decision.granted
        ? by.issuers.find(({ name }) => name === decision.issuer)?.entry
        : undefined;
      if (entry?.provision === undefined) {
        return decided;
      }
      loading ??= load();
      return (await loading).provisioner.provision(login, decided, by, late());
    },
    record({ issuer = '', provisioned }) {
      if (provisioned === undefined) {
        return;
      }
      metrics.countProvision(issuer, provisioned);
      const { failed, skipped, altered } = provisioned;
      if (failed !== undefined) {
        const { message: reason, hint } = failed;
        logger.error({ issuer, reason, hint }, 'a role could not be provisioned');
      }
      if (altered.length > 0) {
        logger.info({ issuer, altered }, 'settings of a role were changed');
      }
      let count = 0;
      for (const role of skipped) {
        if (count === MAX_AT_ONCE) break;
        const memberOf = role.slice(0, 256);
        const key = JSON.stringify([issuer, memberOf]);
        const isNew = !told.delete(key);
        told.add(key);
        if (isNew) {
          count += 1;
          // The one that has not been met for the longest.
          const [oldest] = told;
          if (told.size > MAX_TOLD && oldest !== undefined) told.delete(oldest);
          logger.warn(
            { issuer, memberOf },
            'a membership is not granted, as the database does not allow it or the role is protected',
          );
        }
      }
    },
    loggedIn({ role }, { decision, token }) {
      if (!decision.granted || loading === undefined) {
        return;
      }
      const { issuer: entry } = decision;
      const subject = token?.claims['sub'];
      const use = { role, entry, subject: typeof subject === 'string' ? subject : undefined };
      loading.then(({ records }) => records.add(use)).catch(() => undefined);
    },
    async stop() {
      clearInterval(timer);
      const parts = await loading?.catch(() => undefined);
      if (parts === undefined) {
        return;
      }
      await Promise.race([
        parts.records.flush(false),
        setTimeout(LONGEST_STOP, undefined, { ref: false }),
      ]);
      parts.provisioner.close();
    },
  };
}
