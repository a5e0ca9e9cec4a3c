// A trust domain of SPIRE: its server, and an agent that has joined it on this machine, whose workloads are told apart by the user
// that they run as.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { findFreePort } from '../../../support/find-free-port.ts';
import { runChecked } from '../../../support/run-checked.ts';
import { startProcess } from '../../machine/start-process.ts';
import type { StartOptions } from '../provider.ts';

export interface DomainOptions {
  /** Such as `prod.example.org`. */
  readonly trustDomain: string;
  /** The IDs of its workloads, below the trust domain: all of them belong to the user who runs the tests. */
  readonly workloads: readonly string[];
  /** More lines of `server { }` in server.conf. */
  readonly server?: string;
}

export interface Domain {
  /** The server's API, on this machine. */
  readonly serverSocket: string;
  /** The bundle as it goes into a file. */
  readonly showBundle: () => Promise<string>;
  /** Fetches a JWT-SVID from the Workload API. @param audience for whom it is. */
  readonly fetchToken: (workload: string, audience: string) => Promise<string>;
  /** Lets the server sign with a new key, and the agent throw away what the old one has signed. */
  readonly rotate: () => Promise<void>;
}

export async function startDomain(
  stack: AsyncDisposableStack,
  { programs, folder }: Pick<StartOptions, 'programs' | 'folder'>,
  { trustDomain, workloads, server = '' }: DomainOptions,
): Promise<Domain> {
  const place = join(folder, trustDomain);
  const path = (name: string): string => join(place, name);
  await mkdir(path('agent'), { recursive: true });
  const port = await findFreePort();
  const serverSocket = path('server.sock');
  const socketPath = path('agent.sock');
  const [serverProgram = '', agentProgram = ''] = [
    programs['spire-server'],
    programs['spire-agent'],
  ];
  const ask = async (...words: readonly string[]): Promise<string> =>
    runChecked(serverProgram, [...words, '-socketPath', serverSocket]);

  await writeFile(
    path('server.conf'),
    `server {
  bind_address = "127.0.0.1"
  bind_port = "${port}"
  socket_path = "${serverSocket}"
  trust_domain = "${trustDomain}"
  data_dir = "${place}"
  ${server}
}
plugins {
  DataStore "sql" {
    plugin_data {
      database_type = "sqlite3"
      connection_string = "${path('datastore.sqlite3')}"
    }
  }
  NodeAttestor "join_token" { plugin_data {} }
  KeyManager "memory" { plugin_data {} }
}
`,
  );
  const serverProcess = stack.use(
    startProcess({ command: [serverProgram, 'run', '-config', path('server.conf')] }),
  );
  await serverProcess.until('a healthy server', async () =>
    ask('healthcheck').then(
      () => true,
      () => false,
    ),
  );

  const node = `spiffe://${trustDomain}/node`;
  const [, joinToken = ''] =
    /Token: (\S+)/.exec(await ask('token', 'generate', '-spiffeID', node)) ?? [];
  for (const workload of workloads) {
    const words = ['-parentID', node, '-spiffeID', `spiffe://${trustDomain}/${workload}`];
    await ask('entry', 'create', ...words, '-selector', `unix:uid:${process.getuid?.() ?? 0}`);
  }
  await writeFile(path('bundle.pem'), await ask('bundle', 'show'));
  await writeFile(
    path('agent.conf'),
    `agent {
  data_dir = "${path('agent')}"
  server_address = "127.0.0.1"
  server_port = "${port}"
  socket_path = "${socketPath}"
  trust_bundle_path = "${path('bundle.pem')}"
  trust_domain = "${trustDomain}"
}
plugins {
  NodeAttestor "join_token" { plugin_data {} }
  KeyManager "memory" { plugin_data {} }
  WorkloadAttestor "unix" { plugin_data {} }
}
`,
  );
  const agent = stack.use(
    startProcess({
      command: [agentProgram, 'run', '-config', path('agent.conf'), '-joinToken', joinToken],
    }),
  );
  // As docs/issuers/spiffe.md has it, but for the choice among several workloads.
  const fetchToken = async (workload: string, audience: string): Promise<string> =>
    runChecked('sh', [
      '-euc',
      `"$0" api fetch jwt -audience "$1" -socketPath "$2" -spiffeID "$3" | sed -n 2p | tr -d '[:space:]'`,
      agentProgram,
      audience,
      socketPath,
      `spiffe://${trustDomain}/${workload}`,
    ]);
  await agent.until('a JWT-SVID of each workload', async () => {
    const tokens = await Promise.all(
      workloads.map(async (workload) => fetchToken(workload, 'ready').catch(() => '')),
    );
    return tokens.every((token) => token !== '');
  });

  return {
    serverSocket,
    showBundle: async () => ask('bundle', 'show', '-format', 'spiffe'),
    fetchToken,
    rotate: async () => {
      const authority = async (...words: readonly string[]): Promise<string> => {
        const said = await ask('localauthority', 'jwt', ...words);
        const [, id] = /Authority ID: (\S+)/.exec(said) ?? [];
        if (id === undefined) throw new Error(`no authority in ${said}`);
        return id;
      };
      const old = await authority('show');
      await authority('activate', '-authorityID', await authority('prepare'));
      // The agent asks anew for what the old key has signed, once it has heard of it.
      const [workload = ''] = workloads;
      const [header] = (await fetchToken(workload, 'ready')).split('.');
      await authority('taint', '-authorityID', old);
      await agent.until('a JWT-SVID of the new key', async () =>
        fetchToken(workload, 'ready').then((token) => token.split('.')[0] !== header),
      );
    },
  };
}
