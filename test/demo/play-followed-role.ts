// Logs in as a role that follows its token, and shows what the daemon did for it in the database.
import { poll } from '../support/poll.ts';
import type { DemoWorld } from './demo-world.ts';
import { screen } from './screen.ts';

export interface Followed {
  readonly title: string;
  /** Whose token it is, in words. */
  readonly token: string;
  readonly mint: (world: DemoWorld) => Promise<string>;
  readonly role: string;
  /** The roles that it is a member of before and after; undefined: it does not exist. */
  readonly before: string | undefined;
  readonly after: string;
}

const mintStaff = async ({ people }: DemoWorld, groups: readonly string[]): Promise<string> =>
  people.mint({ sub: 'bob', aud: 'postgres-staff', groups });

export const FOLLOWED: readonly Followed[] = [
  {
    title: 'A service that has no role yet logs in, and has one',
    token: 'service account shop/web, for audience postgres-apps',
    mint: async ({ cluster }) =>
      cluster.mint({ sub: 'system:serviceaccount:shop:web', aud: ['postgres-apps'] }),
    role: 'shop:web',
    before: undefined,
    after: 'app_read',
  },
  {
    title: 'A person who is in two groups logs in for the first time',
    token: 'bob, groups db-app_read and db-app_write, for audience postgres-staff',
    mint: async (world) => mintStaff(world, ['db-app_read', 'db-app_write']),
    role: 'bob',
    before: undefined,
    after: 'app_read app_write',
  },
  {
    title: 'He has left one of them, and with the next login the membership is gone',
    token: 'bob, group db-app_read, for audience postgres-staff',
    mint: async (world) => mintStaff(world, ['db-app_read']),
    role: 'bob',
    before: 'app_read app_write',
    after: 'app_read',
  },
];

/** Returns whether the role was and became what it should. */
export async function playFollowedRole(
  world: DemoWorld,
  { title, token, mint, role, before, after }: Followed,
  number: number,
): Promise<boolean> {
  const { cluster } = world.host;
  screen.title(`${number}. ${title}`);
  screen.text(`token: ${token}`);
  const was = await membershipsOf(world, role);
  screen.text(was === undefined ? `There is no role ${role}.` : `${role} is a member of ${was}.`);
  screen.command(`PGPASSWORD=$TOKEN psql -h 127.0.0.1 -p ${cluster.port} -U ${role} postgres`);
  const seen = world.daemon.lines().length;
  const answer = await cluster.psql({ role, password: await mint(world) });
  screen.output(answer.stdout + answer.stderr);
  const line = await poll('the line of the decision', () =>
    world.daemon
      .lines()
      .slice(seen)
      .find((one) => one.msg === 'decision' && one['role'] === role),
  );
  const { outcome, created, grantedRoles, revokedRoles } = line;
  screen.text("The daemon's log:");
  screen.output(JSON.stringify({ outcome, role, created, grantedRoles, revokedRoles }));
  const is = await membershipsOf(world, role);
  const asExpected =
    answer.status === 0 && answer.stdout === `${role}\n` && was === before && is === after;
  if (asExpected) screen.good(`granted, and a member of ${is}, as it should be`);
  else screen.bad(`a member of ${is ?? 'nothing, as it does not exist'}: EXPECTED ${after}`);
  screen.blank();
  return asExpected;
}

/** @returns undefined where the role does not exist. */
async function membershipsOf({ host }: DemoWorld, role: string): Promise<string | undefined> {
  const text = await host.cluster.sql(
    `select coalesce(string_agg(distinct g.rolname, ' '), '-') from pg_roles r
     left join pg_auth_members m on m.member = r.oid
     left join pg_roles g on g.oid = m.roleid and g.rolname <> 'pgtoken_managed'
     where r.rolname = '${role}' group by r.oid`,
  );
  return text === '' ? undefined : text;
}
