// A Kubernetes cluster's issuer in a machine's network, with a name of the outside world: the one of README.md.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { CertificateAuthority } from '../../support/certificate-authority.ts';
import { signToken } from '../../support/sign-token.ts';
import { createSigningKey } from '../../support/signing-key.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { firstLine, type Machine } from './machine.ts';

/** The program that serves the files of an issuer; it needs nothing but Node. */
export const SERVE_FILES = join(import.meta.dirname, 'serve-files.ts');

export interface ClusterIssuer extends AsyncDisposable {
  /** A token for foo:myservice and audience `postgres`, unless the claims say otherwise. */
  readonly mint: (claims?: Readonly<Record<string, unknown>>) => string;
}

/** An issuer that somebody else serves. */
export interface IssuerFiles extends ClusterIssuer {
  /** What serve-files.ts serves. */
  readonly folder: string;
}

/** Starts it at https://HOST/ in the machine, which must know that name. */
export async function startClusterIssuer(
  machine: Machine,
  host: string,
  authority: CertificateAuthority,
): Promise<ClusterIssuer> {
  const files = await createIssuerFiles(host, authority);
  const program = machine.spawnInNetwork(process.execPath, [SERVE_FILES, files.folder, '443']);
  await firstLine(program);
  return {
    mint: files.mint,
    async [Symbol.asyncDispose]() {
      program.kill('SIGKILL');
      await files[Symbol.asyncDispose]();
    },
  };
}

/**
 * Writes the files of an issuer at https://HOST.
 *
 * @param url what it calls itself, when that is not where it is
 */
export async function createIssuerFiles(
  host: string,
  authority: CertificateAuthority,
  url = `https://${host}`,
): Promise<IssuerFiles> {
  const key = await createSigningKey('RS256', 'cluster-key-1');
  const folder = await createTemporaryFolder('cluster-issuer');
  const { key: privateKey, cert } = await authority.issue([`DNS:${host}`]);
  const files = {
    'key.pem': privateKey,
    'cert.pem': cert,
    'www/.well-known/openid-configuration': JSON.stringify({
      issuer: url,
      jwks_uri: `https://${host}/openid/v1/jwks`,
    }),
    'www/openid/v1/jwks': JSON.stringify({ keys: [key.publicJWK] }),
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, name)), { recursive: true });
    await writeFile(join(folder.path, name), text);
  }
  return {
    folder: folder.path,
    mint: (claims = {}) => {
      const now = Math.floor(Date.now() / 1000);
      return signToken(key, {
        iss: url,
        aud: ['postgres'],
        sub: 'system:serviceaccount:foo:myservice',
        iat: now,
        nbf: now,
        exp: now + 600,
        ...claims,
      });
    },
    [Symbol.asyncDispose]: folder.remove,
  };
}
