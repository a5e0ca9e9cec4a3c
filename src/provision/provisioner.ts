// Roles that follow the token: before a login is granted, the role that it asks for is brought to what its entry and its token say.
//
// One connection a server and one question a login, in the order in which they came; logins of one role wait for each other first, so
// that a role takes one turn at a time, however often it logs in. Nothing waits for longer than the login does, and what cannot be
// done is `onError`: a refusal, or a login with the memberships that the role has. What cannot be revoked is a refusal.
import type { Login } from '../decide/login.ts';
import type { DecisionRecord, Provisioned } from '../decide/decision.ts';
import { isRefusal, refuse, type Refusal } from '../errors.ts';
import type { Issuer, Policy } from '../policy/policy.ts';
import { provisionRole, type RoleChanges } from '../postgres/provision-role.ts';
import type { ServerClient } from '../postgres/server-client.ts';
import { createServerMap } from '../postgres/server-map.ts';
import { NOT_REVOKED } from '../postgres/schema/terms.ts';
import { toServerError } from '../postgres/server-error.ts';
import { quote } from '../quote.ts';
import type { ServerConnection } from '../values/parse-server-connection.ts';
import { wantRole } from './want-role.ts';

/** Provisions the roles of logins. */
export interface Provisioner {
  /** Takes over the servers of a configuration; those by the same connection go on. */
  usePolicy(policy: Policy): void;
  /**
   * Does what the entry of a granted login says.
   *
   * @param late resolves when nobody waits for the login any more.
   * @returns the record with what was done; where it could not be done, with the refusal, or as `onError` has it. What is
   * not granted, or by an entry without `provision`, comes back as it was. Never rejects.
   */
  provision(
    login: Login,
    decided: DecisionRecord,
    policy: Policy,
    late: Promise<Refusal>,
  ): Promise<DecisionRecord>;
  close(): void;
}

interface Link {
  readonly client: ServerClient;
  /** Resolves when the last question that was asked is over. */
  last: Promise<unknown>;
  /** By role: resolves when the last login is over. No more roles than logins that are under way. */
  readonly roles: Map<string, Promise<unknown>>;
}

/** Creates a provisioner that knows no server. */
export function createProvisioner(
  createClient: (connection: ServerConnection) => ServerClient,
): Provisioner {
  const links = createServerMap<Link>(
    ({ connection }) => ({
      client: createClient(connection),
      last: Promise.resolve(),
      roles: new Map(),
    }),
    ({ client }) => {
      client.close();
    },
  );

  const ask = async (
    link: Link,
    role: string,
    question: (client: ServerClient) => Promise<RoleChanges>,
    late: Promise<Refusal>,
  ): Promise<RoleChanges | Refusal> => {
    let isLate: Refusal | undefined;
    void late.then((refusal) => {
      isLate = refusal;
    });
    // What nobody waits for any more is not asked.
    const takeTurn = async (): Promise<RoleChanges | Refusal> => {
      const turn = link.last.then(async () => isLate ?? question(link.client));
      link.last = turn.catch(() => undefined);
      return turn;
    };
    const before = link.roles.get(role) ?? Promise.resolve();
    const answer = before.then(async () => isLate ?? takeTurn());
    const over = answer
      .catch(() => undefined)
      .then(() => {
        if (link.roles.get(role) === over) link.roles.delete(role);
      });
    link.roles.set(role, over);
    return Promise.race([answer, late]);
  };

  return {
    usePolicy({ servers }) {
      links.set(servers);
    },
    async provision(login, decided, policy, late) {
      const issuer = grantingIssuer(decided, policy);
      const demand =
        issuer === undefined || decided.token === undefined
          ? undefined
          : wantRole(issuer, login.role, decided.token.claims);
      if (issuer === undefined || demand === undefined) {
        return decided;
      }
      const name = issuer.entry.provision?.server ?? policy.servers[0]?.name ?? '';
      const link = links.get(name);
      const refuseFor = (message: string, hint?: string): Refusal =>
        refuse(
          'ERR_PROVISION',
          `role ${quote(login.role)} cannot be provisioned in server ${name}: ${message}`,
          hint,
        );
      try {
        if (link === undefined) {
          throw new Error(`there is no server ${quote(name)}`);
        }
        const answer = await ask(
          link,
          login.role,
          async (client) => provisionRole(client, demand.wanted),
          late,
        );
        if (isRefusal(answer)) {
          // The client has had that answer.
          return { ...decided, decision: answer };
        }
        const { created, granted, revoked, altered } = answer;
        const skipped = [...demand.withheld, ...answer.skipped];
        const provisioned = { created, granted, revoked, skipped, altered };
        if (answer.failed === null) {
          return { ...decided, provisioned };
        }
        const { message } = toServerError(new Error(answer.failed));
        return conclude(issuer, decided, { ...provisioned, failed: refuseFor(message) });
      } catch (error) {
        const { message, hint, code } = toServerError(error);
        const failed = refuseFor(message, hint);
        return conclude(issuer, decided, { ...NOTHING, failed }, code === NOT_REVOKED);
      }
    },
    close: links.close,
  };
}

const NOTHING: Provisioned = { created: false, granted: [], revoked: [], skipped: [], altered: [] };

/** @param mustDeny whatever `onError` is: the role has what the token says it is not to have. */
function conclude(
  issuer: Issuer,
  decided: DecisionRecord,
  provisioned: Provisioned & { readonly failed: Refusal },
  mustDeny = false,
): DecisionRecord {
  return issuer.entry.provision?.onError === 'allow' && !mustDeny
    ? { ...decided, provisioned }
    : { ...decided, decision: provisioned.failed, provisioned };
}

function grantingIssuer({ decision }: DecisionRecord, policy: Policy): Issuer | undefined {
  return decision.granted ? policy.issuers.find(({ name }) => name === decision.issuer) : undefined;
}
