// npm run demo: tokens log in to a real PostgreSQL server, on the screen. Everything is made for the occasion, in temporary
// folders and on the loopback interface, and is gone afterwards. With --keep it stays up until Ctrl-C, to play with.
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { runChecked } from '../support/run-checked.ts';
import { createDemoWorld, type DemoWorld } from './demo-world.ts';
import { playScenario } from './play-scenario.ts';
import { FOLLOWED, playFollowedRole } from './play-followed-role.ts';
import { playSession } from './play-session.ts';
import { mintPersonFor, mintServiceFor, SCENARIOS } from './scenarios.ts';
import { screen } from './screen.ts';

const USAGE = `Usage: npm run demo [-- --keep]

Logs in to a throwaway PostgreSQL server with tokens of two local issuers, shows roles that
follow tokens, and a session end with its token.

  --keep  leave it running until Ctrl-C, and print how to connect
`;

const KEEP_HOURS = 12;

async function main(): Promise<number> {
  const options = parseOptions();
  if (options === undefined) return 2;
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }

  await build();
  const world = await createDemoWorld();
  let allAsExpected = false;
  try {
    await introduce(world);
    allAsExpected = await playAll(world);
    if (options.keep) await keepRunning(world);
  } finally {
    const keepLogs = !allAsExpected && !options.keep;
    await world.close(keepLogs);
    if (keepLogs) {
      screen.text(`PostgreSQL's log: ${world.host.cluster.log.path}`);
      screen.text(`pgtoken and its issuers.yaml: ${world.host.installation.folder}`);
    }
  }
  return allAsExpected ? 0 : 1;
}

function parseOptions(): { keep: boolean; help: boolean } | undefined {
  try {
    const { values } = parseArgs({
      options: {
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.error(USAGE);
    return undefined;
  }
}

async function build(): Promise<void> {
  const cwd = join(import.meta.dirname, '..', '..');
  for (const script of ['build', 'build:pam']) {
    await runChecked('npm', ['run', '--silent', script], { cwd, hangLimit: 300_000 });
  }
}

async function introduce(world: DemoWorld): Promise<void> {
  const { cluster } = world.host;
  const [version] = (await cluster.sql('show server_version')).split(' ');
  screen.blank();
  screen.title('pgtoken: log in to PostgreSQL with a token instead of a password');
  screen.text(
    `PostgreSQL ${version ?? ''} listens on 127.0.0.1:${cluster.port}. Its logins go through PAM and pam_pgtoken.so to ` +
      'the daemon, pgtoken serve, which follows this issuers.yaml:',
  );
  screen.blank();
  screen.verbatim(world.issuersYAML);
  screen.blank();
}

async function playAll(world: DemoWorld): Promise<boolean> {
  let good = 0;
  for (const [index, scenario] of SCENARIOS.entries()) {
    if (await playScenario(world, scenario, index + 1)) good += 1;
  }
  for (const [index, followed] of FOLLOWED.entries()) {
    if (await playFollowedRole(world, followed, SCENARIOS.length + index + 1)) good += 1;
  }
  const all = SCENARIOS.length + FOLLOWED.length + 1;
  if (await playSession(world, all)) good += 1;
  const summary = `${good} of ${all} logins went as they should`;
  if (good === all) screen.good(summary);
  else screen.bad(summary);
  return good === all;
}

/** The issuers live in this process, hence it stays in the foreground. */
async function keepRunning(world: DemoWorld): Promise<void> {
  const { cluster, installation } = world.host;
  const seconds = KEEP_HOURS * 3600;
  const logins = [
    ['foo:myservice', await world.saveToken('service', await mintServiceFor(world, seconds))],
    ['dba_ro', await world.saveToken('person', await mintPersonFor(world, seconds))],
  ];

  screen.blank();
  screen.title(`It keeps running. The tokens in these files are valid for ${KEEP_HOURS} hours:`);
  for (const [role, path] of logins) {
    screen.blank();
    screen.verbatim(`PGPASSWORD=$(cat ${path}) \\`);
    screen.verbatim(`  psql -h 127.0.0.1 -p ${cluster.port} -U ${role} postgres`);
  }
  screen.blank();
  screen.text("PostgreSQL's log:");
  screen.verbatim(cluster.log.path);
  screen.text('The configuration, which the daemon follows:');
  screen.verbatim(installation.config);
  screen.blank();
  screen.title('Ctrl-C ends it and removes everything.');

  const { promise, resolve } = Promise.withResolvers<undefined>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => {
      resolve(undefined);
    });
  }
  // Neither the issuers' sockets nor a signal handler are sure to keep the process alive.
  const alive = setInterval(() => undefined, 60_000);
  await promise;
  clearInterval(alive);
}

try {
  process.exitCode = await main();
} catch (error) {
  // Whatever could not be set up; the errors of the test support say what to do.
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    console.error(`demo: ${cause.message}`);
  }
  process.exitCode = 1;
}
