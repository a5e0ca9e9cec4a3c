// Drivers of PostgreSQL that others wrote, from six registries.
import { join } from 'node:path';

import { installCrates } from '../ecosystems/crates.ts';
import type { Install } from '../ecosystems/ecosystem.ts';
import { installGo } from '../ecosystems/go.ts';
import { installMaven } from '../ecosystems/maven.ts';
import { installNPM } from '../ecosystems/npm.ts';
import { installPyPI } from '../ecosystems/pypi.ts';
import type { Part, Peer } from '../part.ts';
import { installDebian } from './debian.ts';
import { DRIVERS, type Ecosystem } from './drivers.ts';

const INSTALL: Readonly<Record<Ecosystem, Install>> = {
  Debian: installDebian,
  PyPI: installPyPI,
  Maven: installMaven,
  Go: installGo,
  crates: installCrates,
  npm: installNPM,
};

export const clients: Part = {
  name: 'clients',
  title: 'Drivers',
  about: `Each driver logs in over TLS, in a small program of [programs](../../test/world/clients/programs) that does what
[clients.md](../connect/clients.md) says for it and checks the server's certificate. Every login has a token of its own, signed with
RS256. Real PostgreSQL, module and daemon; the issuer is a stand-in.`,
  notRun: {
    Npgsql: '.NET is not in Debian 12, and in none of the registries that this suite installs from',
  },
  prepare: async (cache, progress) => {
    const peers: Peer[] = [];
    for (const [ecosystem, install] of Object.entries(INSTALL)) {
      const own = DRIVERS.filter((driver) => driver.ecosystem === ecosystem);
      const names = own.map(({ program }) => program);
      const folder = join(import.meta.dirname, 'programs');
      const installed = await install({ part: 'clients', folder, names }, cache, progress);
      for (const { name, package: named, program } of own) {
        peers.push({
          what: name,
          version: installed.versionOf(named),
          origin: `${ecosystem} \`${named}\`, ${installed.toolchain}`,
          programs: { run: installed.commandOf(program) },
        });
      }
    }
    return peers;
  },
};
