// Libraries for JWTs that others wrote, in six ecosystems: each makes keys, publishes them and signs tokens, by its own means and
// defaults.
import { join } from 'node:path';

import type { Part, Peer } from '../part.ts';
import { installDebian } from './ecosystems/debian.ts';
import { installCrates } from '../ecosystems/crates.ts';
import type { Install } from '../ecosystems/ecosystem.ts';
import { installGo } from '../ecosystems/go.ts';
import { installMaven } from '../ecosystems/maven.ts';
import { installNPM } from '../ecosystems/npm.ts';
import { installPyPI } from '../ecosystems/pypi.ts';
import { type Ecosystem, LIBRARIES, type Library } from './libraries.ts';

const INSTALL: Readonly<Record<Ecosystem, Install>> = {
  npm: installNPM,
  PyPI: installPyPI,
  Go: installGo,
  Maven: installMaven,
  crates: installCrates,
  Debian: installDebian,
};

export const jose: Part = {
  name: 'jose',
  title: 'Libraries for JWTs',
  about: `Each library generates two keys for each algorithm, exports them and signs tokens, with its defaults, in a small program of
[makers](../../test/world/jose/makers). The daemon decides, with keys from an HTTPS server on this machine (\`keys.jwksURI\`), or from
\`keys.publicKeysFile\` where the library knows no JWK and writes PEM. An issuer whose keys alone have a \`kid\` breaks during a
rotation ([ERR_KEY_UNKNOWN](../reference/errors.md#err_key_unknown)).`,
  prepare: async (cache, progress) => {
    const peers: Peer[] = [];
    for (const [ecosystem, install] of Object.entries(INSTALL)) {
      const libraries = LIBRARIES.filter((library) => library.ecosystem === ecosystem);
      const makers = libraries.map(({ maker }) => maker);
      const programs = { part: 'jose', folder: join(import.meta.dirname, 'makers'), names: makers };
      const installed = await install(programs, cache, progress);
      for (const library of libraries) {
        peers.push({
          what: library.name,
          version: installed.versionOf(library.package),
          origin: originOf(library, installed.toolchain),
          programs: { make: installed.commandOf(library.maker) },
        });
      }
    }
    return peers;
  },
};

const KID: Readonly<Record<Library['kid'], string>> = {
  tokens: '`kid` in tokens and keys',
  keys: '`kid` in keys alone',
  none: 'no `kid`',
};

function originOf(library: Library, toolchain: string): string {
  const { ecosystem, package: name, keys, kid, algorithms } = library;
  return [
    `${ecosystem} \`${name}\`, ${toolchain}`,
    `keys as ${keys}`,
    KID[kid],
    algorithms.join(' '),
  ].join('; ');
}
