// What would be done in the database for a login that is granted: asked of the server as a plan, which nothing is done of.
import { monotonicClock } from '../../clock.ts';
import type { DecisionRecord } from '../../decide/decision.ts';
import type { Policy } from '../../policy/policy.ts';
import { provisionServerOf } from '../../policy/provision-server.ts';
import { provisionRole, type RoleChanges } from '../../postgres/provision-role.ts';
import { createServerClient } from '../../postgres/server-client.ts';
import { toServerError } from '../../postgres/server-error.ts';
import { wantRole } from '../../provision/want-role.ts';
import { toPrintable } from '../../protocol/format-reply.ts';
import { type HBAPlan, type MetBy, planHBALine } from './plan-hba-line.ts';

/** What would be done in a server, or why that cannot be said. */
export type ProvisionPlan = { readonly server: string; readonly hba: HBAPlan } & (
  | { readonly changes: RoleChanges }
  | { readonly problem: string; readonly hint: string | undefined; readonly denies: boolean }
);

/** Asks the server of the entry that granted. @returns undefined where nothing was granted, or the entry provisions nothing. */
export async function planProvision(
  login: MetBy,
  { decision, token }: DecisionRecord,
  { issuers, servers }: Policy,
): Promise<ProvisionPlan | undefined> {
  const issuer = decision.granted
    ? issuers.find(({ name }) => name === decision.issuer)
    : undefined;
  const demand = issuer && token && wantRole(issuer, login.role, token.claims);
  const provision = issuer?.entry.provision;
  const name = provision && provisionServerOf(provision, servers);
  const server = servers.find((one) => one.name === name);
  if (issuer === undefined || demand === undefined || server === undefined) {
    return undefined;
  }
  const client = createServerClient(server.connection, { monotonicClock });
  const hba = await planHBALine(client, login);
  try {
    const changes = await provisionRole(client, demand.wanted, true);
    const skipped = [...demand.withheld, ...changes.skipped];
    return { server: server.name, hba, changes: { ...changes, skipped } };
  } catch (error) {
    const { message, hint } = toServerError(error);
    const denies = provision?.onError === 'deny';
    return { server: server.name, hba, problem: toPrintable(message), hint, denies };
  } finally {
    client.close();
  }
}
