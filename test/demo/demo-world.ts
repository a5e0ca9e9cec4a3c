// What the demo logs in to: two issuers (a Kubernetes cluster and the people's single sign-on), a PostgreSQL server whose
// logins go through PAM to the daemon, and the one issuers.yaml that says who may be which role, and until when.
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import {
  createCertificateAuthority,
  type CertificateAuthority,
} from '../support/certificate-authority.ts';
import { createIssuer, type Issuer } from '../support/issuer.ts';
import { runPgtoken } from '../support/run-pgtoken.ts';
import { type DaemonHost, startDaemonHost } from '../support/start-daemon-host.ts';
import type { DaemonProcess } from '../support/start-daemon-process.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

export interface DemoWorld {
  readonly cluster: Issuer;
  readonly people: Issuer;
  readonly host: DaemonHost;
  readonly daemon: DaemonProcess;
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
    const host = await startDaemonHost(ROLES, {}, {}, undefined, true);
    // Last to be stopped but for what it needs; the daemon before it.
    let keeps = false;
    stack.defer(async () => (keeps ? host.stopAndKeep() : host.stop()));
    const issuersYAML = writeIssuersYAML({
      server: host.connection,
      cluster: cluster.url,
      people: people.url,
      authorityFile,
    });
    await host.installation.writeConfig(issuersYAML);
    const [, daemonRole = ''] = /user=(\S+)/.exec(host.connection) ?? [];
    const { stdout } = await runPgtoken(['database', 'sql', '--provision', '--role', daemonRole]);
    await host.cluster.sql(stdout);
    await host.cluster.sql('create role app_read; create role app_write');
    await host.cluster.sql(`select pgtoken.allow('app_read'), pgtoken.allow('app_write')`);
    const daemon = stack.use(await host.startDaemon());

    return {
      cluster,
      people,
      host,
      daemon,
      issuersYAML,
      close: async (keep) => {
        keeps = keep;
        await stack.disposeAsync();
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

interface Addresses {
  readonly server: string;
  readonly cluster: string;
  readonly people: string;
  readonly authorityFile: string;
}

function writeIssuersYAML({ server, cluster, people, authorityFile }: Addresses): string {
  return `apiVersion: pgtoken/v1
servers:
- name: main
  connection: ${server}
issuers:
- name: cluster
  issuer:
    url: ${cluster}
    certificateAuthorityFile: ${authorityFile}
    audiences: [postgres]
  roles:
  - claim: sub
    trimPrefix: "system:serviceaccount:"
  sessions: {end: [expired], grace: 0s, atLeast: 0s}
- name: people
  issuer:
    url: ${people}
    certificateAuthorityFile: ${authorityFile}
    audiences: [postgres-people]
  roles:
  - {claim: groups, equals: dba, role: [dba_ro, dba_rw]}
- name: apps
  issuer:
    url: ${cluster}
    certificateAuthorityFile: ${authorityFile}
    audiences: [postgres-apps]
  roles:
  - claim: sub
    trimPrefix: "system:serviceaccount:"
  provision: {create: true, memberOf: [app_read], onError: deny}
- name: staff
  issuer:
    url: ${people}
    certificateAuthorityFile: ${authorityFile}
    audiences: [postgres-staff]
  token: {requiredClaims: [groups]}
  roles:
  - {claim: sub}
  provision:
    create: true
    memberOf:
    - {claim: groups, pattern: 'db-(.+)', role: '\\1'}
    onError: deny
`;
}
