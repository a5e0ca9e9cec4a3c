// Examines this host from end to end: each check on its own, and what one learns handed on to the next.
import { createDiskKeyCache } from '../keys/disk-key-cache.ts';
import { checkConfig } from './check-config.ts';
import { checkDaemon } from './check-daemon.ts';
import { checkDatabase } from './check-database.ts';
import { checkHBAFiles } from './check-hba-files.ts';
import { checkIssuers } from './check-issuers.ts';
import { checkKeys } from './check-keys.ts';
import { checkModule, findModuleFolder, MODULE } from './check-module.ts';
import { checkPgBouncer } from './check-pgbouncer.ts';
import { checkRoles, findNamedRoles } from './check-roles.ts';
import { checkService, type ExaminedService } from './check-service.ts';
import { checkSocket } from './check-socket.ts';
import { faulty, type Finding, TOPICS } from './finding.ts';
import { usesHBAFile } from './find-servers.ts';
import { DEFAULT_OPTIONS } from './module-options.ts';
import type { Connection } from './parse-connection.ts';
import type { DatabaseFacts, ReadDatabase } from './read-database.ts';
import type { Account, ServerProcess, World } from './world.ts';

/** Where things are on this host. */
export interface HostPlan {
  readonly config: string;
  readonly cacheDir: string;
  /** PAM services, in lower case, as libpam knows them. */
  readonly services: readonly string[];
  /** Undefined: where the services say. */
  readonly socket: string | undefined;
  /** Undefined: where the server says, or where Debian has it. */
  readonly hba: string | undefined;
  readonly db: Connection | undefined;
  /** Who PostgreSQL runs as. */
  readonly user: string;
  /** Undefined: where libpam looks. */
  readonly pamDir: string | undefined;
  readonly moduleDir: string | undefined;
  readonly pgbouncer: string;
}

const PAM_FOLDERS = ['/etc/pam.d', '/usr/lib/pam.d'];
const DAEMON_USER = 'pgtoken';

/** Never throws for what a host may be like. @returns findings by topic. */
export async function examineHost(
  plan: HostPlan,
  world: World,
  readDatabase: ReadDatabase,
): Promise<readonly Finding[]> {
  const user = await world.accounts.findUser(plan.user);
  const folders = plan.pamDir === undefined ? PAM_FOLDERS : [plan.pamDir];
  const daemon = await world.accounts.findUser(DAEMON_USER);
  const terms = { folders, socket: plan.socket, config: plan.config, user };
  // A first look at the services, since who reads the configuration depends on their modes.
  const modes = plan.services.map(
    (name) => checkService(name, { ...terms, maxTokenBytes: undefined }, world).options?.mode,
  );
  const usesExec = modes.includes('exec');
  const usesDaemon = !usesExec || modes.includes('daemon');
  const readers = [usesDaemon ? daemon : undefined, usesExec ? user : undefined];
  const { policy, findings } = await checkConfig(
    plan.config,
    readers.filter((reader) => reader !== undefined),
    world,
  );
  const maxTokenBytes = policy?.maxTokenBytes;
  const services = plan.services.map((name) =>
    checkService(name, { ...terms, maxTokenBytes }, world),
  );
  const issuers = policy?.issuers ?? [];
  const cache = createDiskKeyCache({ folder: plan.cacheDir, sharedFolder: plan.cacheDir });
  const facts = plan.db === undefined ? undefined : await readDatabase(plan.db, [], world.accounts);
  const known = typeof facts === 'string' ? undefined : facts;
  const hba = plan.hba ?? known?.hbaFile;
  const servers = world
    .findServers()
    .filter((server) => hba === undefined || usesHBAFile(server, hba, world));
  const [reached, modules, sockets, database, pgbouncer] = await Promise.all([
    checkIssuers(issuers, world),
    checkModules(plan, services, user, world),
    usesDaemon ? checkSockets(plan, services, user, servers, world) : [],
    checkServer(plan, policy, folders, facts, world, readDatabase),
    checkPgBouncer({ file: plan.pgbouncer, folders, maxTokenBytes }, world),
  ]);
  const all = [
    ...findings,
    ...reached,
    ...(usesDaemon ? checkKeys(issuers, cache, plan.cacheDir, world) : []),
    ...services.flatMap((service) => service.findings),
    ...modules,
    ...sockets,
    ...database,
    ...pgbouncer,
  ];
  return all.toSorted((a, b) => TOPICS.indexOf(a.topic) - TOPICS.indexOf(b.topic));
}

async function checkModules(
  plan: HostPlan,
  services: readonly ExaminedService[],
  user: Account | undefined,
  world: World,
): Promise<readonly Finding[]> {
  const folder = plan.moduleDir ?? findModuleFolder(world);
  const named = [...new Set(services.flatMap(({ modules }) => modules))];
  const found = await Promise.all(
    (named.length === 0 ? [MODULE] : named).map(async (name) =>
      checkModule(name, folder, user, world),
    ),
  );
  return found.flat();
}

async function checkSockets(
  plan: HostPlan,
  services: readonly ExaminedService[],
  user: Account | undefined,
  servers: readonly ServerProcess[],
  world: World,
): Promise<readonly Finding[]> {
  const asked = services.flatMap(({ options }) =>
    options?.mode === 'daemon' ? [options.socket] : [],
  );
  const sockets =
    plan.socket !== undefined ? [plan.socket] : asked.length > 0 ? asked : [DEFAULT_OPTIONS.socket];
  const found = await Promise.all(
    [...new Set(sockets)].map(async (socket) => {
      const findings =
        user === undefined
          ? [
              faulty(
                'socket-user',
                socket,
                `there is no user ${plan.user} on this host`,
                'Name the user that PostgreSQL runs as: --user NAME.',
              ),
            ]
          : await checkSocket(socket, user, servers, world);
      const status = world.files.status(socket);
      return status.ok && status.value.kind === 'socket'
        ? [...findings, await checkDaemon(socket, plan.services[0] ?? '', world)]
        : findings;
    }),
  );
  return found.flat();
}

/**
 * pg_hba.conf, the server behind it, and the roles.
 *
 * @param first what the server has said already, where there is one.
 */
async function checkServer(
  plan: HostPlan,
  policy: Parameters<typeof checkRoles>[0],
  folders: readonly string[],
  first: DatabaseFacts | string | undefined,
  world: World,
  readDatabase: ReadDatabase,
): Promise<readonly Finding[]> {
  const { db } = plan;
  const known = typeof first === 'string' ? undefined : first;
  const { findings, rules } = checkHBAFiles(
    {
      file: plan.hba,
      server: known,
      services: plan.services,
      folders,
      superuser: plan.user,
    },
    world,
  );
  const named = findNamedRoles(policy, rules, plan.services);
  // Asked again, now that it is known which roles the file names.
  const facts =
    db === undefined || known === undefined
      ? undefined
      : await readDatabase(
          db,
          named.map(({ name }) => name),
          world.accounts,
        );
  return [
    ...findings,
    ...(db === undefined || first === undefined
      ? []
      : checkDatabase(db.shown, facts ?? first, world)),
    ...checkRoles(policy, named, typeof facts === 'string' ? undefined : facts),
  ];
}
