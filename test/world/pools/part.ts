// Pools of drivers, in four ecosystems, that run for longer than a token lives.
import { join } from 'node:path';

import { runChecked } from '../../support/run-checked.ts';
import type { Install } from '../ecosystems/ecosystem.ts';
import { installGo } from '../ecosystems/go.ts';
import { installMaven } from '../ecosystems/maven.ts';
import { installNPM } from '../ecosystems/npm.ts';
import { installPyPI } from '../ecosystems/pypi.ts';
import type { Part, Peer } from '../part.ts';
import { type Ecosystem, POOLS } from './pools.ts';

const INSTALL: Readonly<Record<Ecosystem, Install>> = {
  Maven: installMaven,
  PyPI: installPyPI,
  Go: installGo,
  npm: installNPM,
};

export const pools: Part = {
  name: 'pools',
  title: 'Pools of drivers',
  about: `Each pool asks PostgreSQL without a pause while tokens that live for 20 seconds are replaced as the kubelet replaces them, in a small
program of [programs](../../test/world/pools/programs), with four connections, none of which is kept for longer than about two seconds. Real
PostgreSQL, module and daemon, which takes no token past its \`exp\`; the issuer is a stand-in. [PgBouncer](../connect/pooler.md) is that of
Debian forky. What it means for an application is in [clients.md](../connect/clients.md#pools).`,
  prepare: async (cache, progress) => {
    // It takes half a minute, and is part of no test.
    await progress.step('pools: PgBouncer', async () =>
      runChecked(join(import.meta.dirname, '../../support/get-pgbouncer.sh'), [], {
        hangLimit: 300_000,
      }),
    );
    const peers: Peer[] = [];
    for (const [ecosystem, install] of Object.entries(INSTALL)) {
      const own = POOLS.filter((pool) => pool.ecosystem === ecosystem);
      const names = own.map(({ program }) => program);
      const folder = join(import.meta.dirname, 'programs');
      const installed = await install({ part: 'pools', folder, names }, cache, progress);
      for (const { name, package: named, driver, program } of own) {
        const on = driver === undefined ? '' : ` on \`${driver}\` ${installed.versionOf(driver)}`;
        peers.push({
          what: name,
          version: installed.versionOf(named),
          origin: `${ecosystem} \`${named}\`${on}, ${installed.toolchain}`,
          programs: { run: installed.commandOf(program) },
        });
      }
    }
    return peers;
  },
};
