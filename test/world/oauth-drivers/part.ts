// The drivers of `clients` at a line of pg_hba.conf with `oauth`: which of them log in with a token that they have already.
import { clients } from '../clients/part.ts';
import { SERVERS } from '../servers/servers.ts';
import type { Part } from '../part.ts';

/** The first version that has OAUTHBEARER. */
const POSTGRESQL = '18';

export const oauthDrivers: Part = {
  name: 'oauth-drivers',
  title: "Drivers and PostgreSQL's own OAuth",
  about: `The programs of [clients](../../test/world/clients/programs) log in to a database whose line of pg_hba.conf has \`oauth\`, with a good
token as the password; pgx with its \`OAuthTokenProvider\` as well. What each needs is in [oauth.md](../start/oauth.md#clients).`,
  prepare: async (cache, progress) => {
    const drivers = await clients.prepare(cache, progress);
    const { install } = SERVERS.find(({ postgresql }) => postgresql === POSTGRESQL)!;
    const version = await progress.step(`PostgreSQL ${POSTGRESQL}: install`, async () => {
      await using root = await install();
      return await root.sh(`/usr/lib/postgresql/${POSTGRESQL}/bin/postgres --version`);
    });
    return [
      {
        what: 'PostgreSQL',
        version: /PostgreSQL\) (\S+)/.exec(version)?.[1] ?? '',
        origin: `Debian forky; ${drivers.map((driver) => `${driver.what} ${driver.version}`).join(', ')}`,
        programs: Object.fromEntries(
          drivers.map(({ what, programs }) => [what, programs['run'] ?? '']),
        ),
      },
    ];
  },
};
