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
  /** The same with its key. */
  readonly own: Certificate;
  /** Issues a certificate for these names (`DNS:…`, `IP:…`). Default: localhost and 127.0.0.1. */
  readonly issue: (names?: readonly string[]) => Promise<Certificate>;
  /** Issues a client's certificate with this common name. */
  readonly issueForClient: (commonName: string) => Promise<Certificate>;
  /** Creates an authority below this one. */
  readonly createIntermediate: (options: AuthorityOptions) => Promise<CertificateAuthority>;
  readonly close: () => Promise<void>;
}

export interface AuthorityOptions {
  /** Its common name. Default: pgtoken test authority. */
  readonly name?: string;
  /** Whether its own certificate says that it is one. Default: yes. */
  readonly isAuthority?: boolean;
  /** What stands before openssl when its own certificate is made, such as a clock of its own. Default: nothing. */
  readonly wrapper?: readonly string[];
  /** The same for the certificates that it issues. Default: that wrapper. */
  readonly issueWrapper?: readonly string[];
}

const REQUEST = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc'];

/** Creates an authority; its certificates are valid from now on for so long that nothing warns of their end. */
export async function createCertificateAuthority(
  options: AuthorityOptions = {},
): Promise<CertificateAuthority> {
  return createAuthority(options);
}

/** @param parent options of openssl that have it signed by another; by itself without. */
async function createAuthority(
  {
    name = 'pgtoken test authority',
    isAuthority = true,
    wrapper = [],
    issueWrapper = wrapper,
  }: AuthorityOptions,
  parent: readonly string[] = [],
): Promise<CertificateAuthority> {
  const folder = await createTemporaryFolder('ca');
  const configuration = join(folder.path, 'openssl.cnf');
  const authority = { key: join(folder.path, 'ca.key'), cert: join(folder.path, 'ca.pem') };
  const below = ['-CA', authority.cert, '-CAkey', authority.key];

  // Without a configuration of our own, the host's openssl.cnf would add extensions of its taste.
  const request = async (
    command: readonly string[],
    subject: string,
    extensions: readonly string[],
    more: readonly string[],
  ) =>
    runChecked('env', [
      ...command,
      'openssl',
      ...REQUEST,
      '-config',
      configuration,
      '-days',
      '90',
      '-subj',
      subject,
      ...extensions.flatMap((extension) => ['-addext', extension]),
      ...more,
    ]);

  await writeFile(configuration, '[req]\ndistinguished_name = name\n[name]\n');
  await request(
    wrapper,
    `/CN=${name}`,
    isAuthority
      ? ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign']
      : ['basicConstraints=critical,CA:FALSE'],
    ['-keyout', authority.key, '-out', authority.cert, ...parent],
  );

  let issued = 0;
  const issue = async (subject: string, extensions: readonly string[]): Promise<Certificate> => {
    issued += 1;
    const key = join(folder.path, `issued-${issued}.key`);
    const cert = join(folder.path, `issued-${issued}.pem`);
    await request(
      issueWrapper,
      subject,
      ['basicConstraints=critical,CA:FALSE', ...extensions],
      [...below, '-keyout', key, '-out', cert],
    );
    return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
  };
  const certificate = await readFile(authority.cert, 'utf8');
  return {
    certificate,
    own: { key: await readFile(authority.key, 'utf8'), cert: certificate },
    issue: async (names = ['DNS:localhost', 'IP:127.0.0.1']) =>
      issue('/CN=pgtoken test server', [
        `subjectAltName=${names.join(',')}`,
        'extendedKeyUsage=serverAuth',
      ]),
    issueForClient: async (commonName) =>
      issue(`/CN=${commonName}`, ['extendedKeyUsage=clientAuth']),
    createIntermediate: async (options) => createAuthority(options, below),
    close: folder.remove,
    [Symbol.asyncDispose]: folder.remove,
  };
}
