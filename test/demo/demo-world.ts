// What the demo logs in to: two issuers (a Kubernetes cluster and the people's single sign-on), a PostgreSQL server whose
// logins go through PAM to pgtoken, and the one issuers.yaml that says who may be which role.
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import {
  createCertificateAuthority,
  type CertificateAuthority,
} from '../support/certificate-authority.ts';
import { createIssuer, type Issuer } from '../support/issuer.ts';
import { startPgtokenHost, type PgtokenHost } from '../support/start-pgtoken-host.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

export interface DemoWorld {
  readonly cluster: Issuer;
  readonly people: Issuer;
  readonly host: PgtokenHost;
  readonly issuersYAML: string;
  /** Ends everything; with `keep`, the server's folder and the configuration stay. */
  readonly close: (keep: boolean) => Promise<void>;
  /** Writes a token to a file that only its owner may read, and returns the path. */
  readonly saveToken: (name: string, token: string) => Promise<string>;
}

export const ROLES = ['foo:myservice', 'dba_ro', 'dba_rw'];

export async function createDemoWorld(): Promise<DemoWorld> {
  const stack = new AsyncDisposableStack();
  try {
    const folder: TemporaryFolder = stack.use(await createTemporaryFolder('demo'));
    const authority: CertificateAuthority = stack.use(await createCertificateAuthority());
    const cluster = stack.use(await createIssuer(authority));
    const people = stack.use(await createIssuer(authority, { path: '/realms/people' }));

    const authorityFile = join(folder.path, 'ca.pem');
    await writeFile(authorityFile, authority.certificate);
    await chmod(authorityFile, 0o644);
    const issuersYAML = writeIssuersYAML(cluster.url, people.url, authorityFile);
    const host = await startPgtokenHost({ issuersYAML, roles: ROLES });

    return {
      cluster,
      people,
      host,
      issuersYAML,
      close: async (keep) => {
        try {
          await (keep ? host.stopAndKeep() : host.stop());
        } finally {
          await stack.disposeAsync();
        }
      },
      saveToken: async (name, token) => {
        const path = join(folder.path, `${name}.jwt`);
        await writeFile(path, token, { mode: 0o600 });
        return path;
      },
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

function writeIssuersYAML(cluster: string, people: string, authorityFile: string): string {
  return `apiVersion: pgtoken/v1
issuers:
- name: cluster
  issuer:
    url: ${cluster}
    certificateAuthorityFile: ${authorityFile}
    audiences: [postgres]
  roles:
  - claim: sub
    trimPrefix: "system:serviceaccount:"
- name: people
  issuer:
    url: ${people}
    certificateAuthorityFile: ${authorityFile}
    audiences: [postgres-people]
  roles:
  - {claim: groups, equals: dba, role: [dba_ro, dba_rw]}
`;
}
