// `pgtoken roles`: the roles that follow tokens, and when each was last used, as their servers know it.
import { listManagedRoles } from '../../postgres/retire-roles.ts';
import { formatJSON } from '../output/format-json.ts';
import { askServers, type ServerChoice } from './ask-servers.ts';
import { formatRoles, type ServerRoles, toISO } from './format-roles.ts';

/** The options of `pgtoken roles`. */
export interface RolesOptions extends ServerChoice {
  readonly json: boolean;
}

/** Prints the roles. @returns the exit status. */
export async function showRoles(options: RolesOptions): Promise<number> {
  const asked = await askServers(options, async ({ name, client }): Promise<ServerRoles> => ({
    server: name,
    roles: await listManagedRoles(client),
  }));
  if (asked === undefined) {
    return 2;
  }
  const { answers, isComplete } = asked;
  process.stdout.write(
    options.json ? formatJSON(describe(answers)) : formatRoles(answers, Date.now() / 1000),
  );
  return isComplete ? 0 : 2;
}

/** What `--json` writes. Members are added, never taken away. */
function describe(answers: readonly ServerRoles[]): unknown {
  return answers.flatMap(({ server, roles }) =>
    roles.map((role) => ({
      server,
      ...role,
      made: toISO(role.made),
      lastLogin: toISO(role.lastLogin),
      retired: toISO(role.retired),
    })),
  );
}
