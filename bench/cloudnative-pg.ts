// `npm run bench:cloudnative-pg`: logins a second in a pod of CloudNativePG that has the daemon in a container of its own, against
// mode=exec in the same pod, in paired rounds with distinct tokens over TLS; and a line that trusts everybody, which costs what TLS and
// the server cost.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import * as z from 'zod';

import { readCluster } from '../test/containers/read-cluster.ts';
import { startPatchedPod } from '../test/containers/running/start-patched-pod.ts';
import { ROLE } from '../test/containers/running/world.ts';
import { buildPackage, QUICK_OPTIONS } from '../test/package/machine/build-package.ts';
import { CHECKOUT } from '../test/package/machine/root-folder.ts';
import { runChecked } from '../test/support/run-checked.ts';
import { startContainerEngine } from '../test/support/start-container-engine.ts';
import { createTemporaryFolder } from '../test/support/temporary-folder.ts';
import { compileLoginClients } from './login-clients.ts';
import { parseCount } from './parse-count.ts';
import { median, medianRatio } from './statistics.ts';

const CLIENTS = [1, 8] as const;
/** No pod has shown more logins a second. */
const MOST_LOGINS_PER_SECOND = 1000;
/** The database that logs in each way. */
const DATABASES = { daemon: 'postgres', exec: 'template1', trust: 'trusting' } as const;
type Mode = keyof typeof DATABASES;
const MODES = ['daemon', 'exec', 'trust'] as const satisfies readonly Mode[];

const options = new Command('bench:cloudnative-pg')
  .description(
    'Measures logins by the daemon, by mode=exec and by trust in one pod of CloudNativePG.',
  )
  .option('--rounds <number>', 'paired rounds', parseCount, 5)
  .option('--seconds <number>', 'seconds for each way in each round', parseCount, 5)
  .option('--package <file>', 'the .deb to take; default: builds one')
  .parse()
  .opts<{ readonly rounds: number; readonly seconds: number; readonly package?: string }>();

await using stack = new AsyncDisposableStack();
const folder = stack.use(await createTemporaryFolder('bench'));
const deb =
  options.package ?? (await buildPackage(join(folder.path, 'package'), { options: QUICK_OPTIONS }));
const engine = stack.use(await startContainerEngine());
Object.assign(process.env, engine.env);
const service = join(CHECKOUT, 'packaging/container/cloudnative-pg/postgresql-k8s');
const pod = stack.use(
  await startPatchedPod(deb, {
    containerfile: 'packaging/container/cloudnative-pg/Containerfile',
    hba: [
      `hostssl ${DATABASES.exec} +token_logins all pam pamservice=postgresql-exec`,
      `hostssl ${DATABASES.trust} +token_logins all trust`,
    ],
    mounts: {
      service: { target: '/etc/pam.d/postgresql-exec', text: await readFile(service, 'utf8') },
      issuers: { target: '/projected/issuers.yaml', text: readCluster().issuers },
    },
  }),
);
const program = await compileLoginClients(folder.path);
const { container } = pod.server;
const output = z.object({ logins: z.number(), seconds: z.number() });

const created = await container.exec(['psql', '-c', `CREATE DATABASE ${DATABASES.trust}`]);
if (created.exitCode !== 0) throw new Error(`no database for trust: ${created.output}`);

for (const mode of MODES) await measure(mode, 1, 1);
console.log(
  '| clients | daemon, logins/s | mode=exec, logins/s | trust, logins/s | daemon, of mode=exec | trust, of mode=exec |\n|---|---|---|---|---|---|',
);
for (const clients of CLIENTS) {
  const rates: Record<Mode, number[]> = { daemon: [], exec: [], trust: [] };
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const mode of round % 2 === 1 ? MODES : MODES.toReversed()) {
      rates[mode].push(await measure(mode, clients, options.seconds));
    }
    console.error(`${clients} clients: round ${round}/${options.rounds}`);
  }
  const cells = [
    ...MODES.map((mode) => median(rates[mode])),
    medianRatio(rates.daemon, rates.exec),
    medianRatio(rates.trust, rates.exec),
  ];
  console.log(`| ${clients} | ${cells.map((cell) => cell.toFixed(1)).join(' | ')} |`);
}

/** @returns logins a second. */
async function measure(mode: Mode, clients: number, seconds: number): Promise<number> {
  const count = seconds * MOST_LOGINS_PER_SECOND;
  const tokens = Array.from({ length: count }, (_, n) => pod.issuer.mint({ jti: `${mode}-${n}` }));
  const passwords = join(folder.path, 'passwords');
  await writeFile(passwords, `${tokens.join('\n')}\n`);
  const conninfo = `host=${container.getHost()} port=${container.getMappedPort(5432)} dbname=${DATABASES[mode]} user=${ROLE} sslmode=require gssencmode=disable`;
  const stdout = await runChecked(
    program,
    [conninfo, passwords, String(clients), String(seconds)],
    { hangLimit: 600_000 },
  );
  const { logins, seconds: took } = output.parse(JSON.parse(stdout));
  if (logins > count)
    throw new Error(`${logins} logins with ${count} distinct tokens: make more of them`);
  return logins / took;
}
