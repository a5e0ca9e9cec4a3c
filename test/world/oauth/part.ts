// PostgreSQL before its release, whose validator modules may still change: the OAuth validator, compiled and run there.
import { join } from 'node:path';

import { buildPackage, QUICK_OPTIONS } from '../../package/machine/build-package.ts';
import { buildGo } from '../machine/build-go.ts';
import type { Part } from '../part.ts';
import { findExperimentalVersion } from './install-postgresql.ts';

export const oauth: Part = {
  name: 'oauth',
  title: "PostgreSQL's own OAuth",
  about: `The validator is compiled with the headers of that PostgreSQL, as [oauth.md](../start/oauth.md) says, and asks the daemon of the
package, which is installed beside it. Clients are those of the tests; they send ready tokens over TLS. PostgreSQL 18 is what
\`npm run test:package\` has.`,
  prepare: async (cache, progress) => {
    const version = await progress.step('postgresql-19: look for it', findExperimentalVersion);
    const pgtoken = await progress.step('pgtoken: package', async () =>
      buildPackage(join(cache, 'oauth'), { options: QUICK_OPTIONS }),
    );
    const clients = await buildGo(
      {
        name: 'oauth-clients',
        module: join(import.meta.dirname, 'clients'),
        programs: { pgx: './pgx' },
      },
      cache,
      progress,
    );
    const origin = 'Debian experimental `postgresql-19`';
    return [{ what: 'PostgreSQL', version, origin, programs: { pgtoken, ...clients } }];
  },
};
