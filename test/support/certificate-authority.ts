// A certificate authority for one test run, made with the openssl command. Its key never leaves the temporary folder,
// which is gone when the authority is closed.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { runChecked } from './run-checked.ts';
import { createTemporaryFolder } from './temporary-folder.ts';

export interface Certificate {
  /** PEM, as node:tls wants them. */
  readonly key: string;
  readonly cert: string;
}

export interface CertificateAuthority extends AsyncDisposable {
  /** The authority's own certificate, PEM. */
  readonly certificate: string;
  /** Issues a certificate for these names (`DNS:…`, `IP:…`). Default: localhost and 127.0.0.1. */
  readonly issue: (names?: readonly string[]) => Promise<Certificate>;
  /** Issues a client's certificate with this common name. */
  readonly issueForClient: (commonName: string) => Promise<Certificate>;
  readonly close: () => Promise<void>;
}

const REQUEST = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc'];

/**
 * Creates an authority whose certificates are valid from now on for ten days.
 *
 * @param wrapper what stands before openssl, such as a clock of its own.
 */
export async function createCertificateAuthority(
  wrapper: readonly string[] = [],
): Promise<CertificateAuthority> {
  const folder = await createTemporaryFolder('ca');
  const configuration = join(folder.path, 'openssl.cnf');
  const authority = { key: join(folder.path, 'ca.key'), cert: join(folder.path, 'ca.pem') };

  // Without a configuration of our own, the host's openssl.cnf would add extensions of its taste.
  const request = async (subject: string, extensions: readonly string[], more: readonly string[]) =>
    runChecked('env', [
      ...wrapper,
      'openssl',
      ...REQUEST,
      '-config',
      configuration,
      '-days',
      '10',
      '-subj',
      subject,
      ...extensions.flatMap((extension) => ['-addext', extension]),
      ...more,
    ]);

  await writeFile(configuration, '[req]\ndistinguished_name = name\n[name]\n');
  await request(
    '/CN=pgtoken test authority',
    ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'],
    ['-keyout', authority.key, '-out', authority.cert],
  );

  let issued = 0;
  const issue = async (subject: string, extensions: readonly string[]): Promise<Certificate> => {
    issued += 1;
    const key = join(folder.path, `issued-${issued}.key`);
    const cert = join(folder.path, `issued-${issued}.pem`);
    await request(
      subject,
      ['basicConstraints=critical,CA:FALSE', ...extensions],
      ['-CA', authority.cert, '-CAkey', authority.key, '-keyout', key, '-out', cert],
    );
    return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
  };
  return {
    certificate: await readFile(authority.cert, 'utf8'),
    issue: async (names = ['DNS:localhost', 'IP:127.0.0.1']) =>
      issue('/CN=pgtoken test server', [
        `subjectAltName=${names.join(',')}`,
        'extendedKeyUsage=serverAuth',
      ]),
    issueForClient: async (commonName) =>
      issue(`/CN=${commonName}`, ['extendedKeyUsage=clientAuth']),
    close: folder.remove,
    [Symbol.asyncDispose]: folder.remove,
  };
}
