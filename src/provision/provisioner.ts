// Roles that follow the token: before a login is granted, the role that it asks for is brought to what its entry and its token say.
//
// One connection a server, whose questions are asked in the order in which logins came; logins of one role wait for each other first,
// so that a role takes one turn at a time, however often it logs in, and those that want the same of it share the question that is asked
// after they came. Nothing waits for longer than the login does, and what cannot be
// done is `onError`: a refusal, or a login with the memberships that the role has. What cannot be revoked is a refusal.
import type { Login } from '../decide/login.ts';
import type { DecisionRecord, Provisioned } from '../decide/decision.ts';
import { isRefusal, refuse, type Refusal } from '../errors.ts';
import type { Issuer, Policy } from '../policy/policy.ts';
import { provisionServerOf } from '../policy/provision-server.ts';
import { provisionRole, type RoleChanges, type WantedRole } from '../postgres/provision-role.ts';
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
  /** By role: the last question that is not asked yet. */
  readonly waiting: Map<string, Question>;
}

interface Question {
  /** What is wanted; who wants the same shares the answer. */
  readonly terms: string;
  /** How many logins still wait for it, */
  asking: number;
  /** and what the last that did not has been told. */
  late: Refusal | undefined;
  readonly answer: Promise<RoleChanges | Refusal>;
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
      waiting: new Map(),
    }),
    ({ client }) => {
      client.close();
    },
  );

  const queue = (link: Link, wanted: WantedRole, terms: string): Question => {
    const { role } = wanted;
    const askNow = async (): Promise<RoleChanges | Refusal> => {
      if (link.waiting.get(role) === question) link.waiting.delete(role);
      // What nobody waits for any more is not asked.
      return question.late !== undefined && question.asking === 0
        ? question.late
        : provisionRole(link.client, wanted);
    };
    const takeTurn = async (): Promise<RoleChanges | Refusal> => {
      const turn = link.last.then(askNow);
      link.last = turn.catch(() => undefined);
      return turn;
    };
    const before = link.roles.get(role) ?? Promise.resolve();
    const question: Question = {
      terms,
      asking: 0,
      late: undefined,
      answer: before.then(takeTurn),
    };
    const over = question.answer
      .catch(() => undefined)
      .then(() => {
        if (link.roles.get(role) === over) link.roles.delete(role);
      });
    link.roles.set(role, over);
    link.waiting.set(role, question);
    return question;
  };
  const ask = async (
    link: Link,
    wanted: WantedRole,
    late: Promise<Refusal>,
  ): Promise<RoleChanges | Refusal> => {
    const terms = JSON.stringify(wanted);
    const waiting = link.waiting.get(wanted.role);
    const isShared = waiting?.terms === terms;
    const question = isShared ? waiting : queue(link, wanted, terms);
    question.asking += 1;
    void late.then((refusal) => {
      question.asking -= 1;
      question.late = refusal;
    });
    const answer = await Promise.race([question.answer, late]);
    // It was done for the first of them, and is told of once.
    return isShared && !isRefusal(answer) ? { ...answer, ...DONE_BEFORE } : answer;
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
      const { provision } = issuer.entry;
      const name = (provision && provisionServerOf(provision, policy.servers)) ?? '';
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
        const answer = await ask(link, demand.wanted, late);
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

const DONE_BEFORE = { created: false, granted: [], revoked: [], altered: [] };
const NOTHING: Provisioned = { ...DONE_BEFORE, skipped: [] };

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
