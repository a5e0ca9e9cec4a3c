// Examines this host from end to end: each check on its own, and what one learns handed on to the next.
import { createDiskKeyCache } from '../keys/disk-key-cache.ts';
import { checkConfig } from './issuers/check-config.ts';
import { checkDaemon } from './daemon/check-daemon.ts';
import { checkGroupLines } from './provision/check-group-lines.ts';
import { checkHBAFiles } from './hba/check-hba-files.ts';
import { checkIssuers } from './issuers/check-issuers.ts';
import { checkKeys } from './issuers/check-keys.ts';
import { checkModule, findModuleFolder, MODULE } from './pam/check-module.ts';
import { checkPgBouncer } from './pgbouncer/check-pgbouncer.ts';
import { checkService, type ExaminedService, findServiceFile } from './pam/check-service.ts';
import { checkSocket } from './daemon/check-socket.ts';
import { usesHBAFile } from './server/find-servers.ts';
import { fault, type Finding, TOPICS } from './finding.ts';
import { isLoaded, type LoadedHBA, loadHBAFiles } from './hba/load-hba-files.ts';
import { DEFAULT_OPTIONS } from './pam/module-options.ts';
import { findServices, type FoundServices, OAUTH_SERVICE } from './pam/find-services.ts';
import { PAM_FOLDERS } from './pam/list-services.ts';
import type { Connection } from './server/connection/parse-connection.ts';
import type { ReadDatabase } from './server/read-database.ts';
import { askServers } from './server/ask-servers.ts';
import { checkServers } from './server/check-servers.ts';
import { checkActingRole } from './sessions/check-acting-role.ts';
import type { ReadRights } from './sessions/read-rights.ts';
import type { ServerProcess, Host } from './host/host.ts';
import type { Account } from './host/account.ts';

/** Where things are on this host. */
export interface HostPlan {
  readonly config: string;
  readonly cacheDir: string;
  /** PAM services, in lower case, as libpam knows them. Undefined: those that pg_hba.conf and the configuration name. */
  readonly services: readonly string[] | undefined;
  /** Undefined: where the services say. */
  readonly socket: string | undefined;
  /** Undefined: where the server says, or where Debian has it. */
  readonly hba: string | undefined;
  /** Undefined: the servers of this host that let in whoever asks. */
  readonly db: Connection | undefined;
  /** Who PostgreSQL runs as, and who administers it. */
  readonly user: string;
  /** Undefined: where libpam looks. */
  readonly pamDir: string | undefined;
  readonly moduleDir: string | undefined;
  readonly pgbouncer: string;
}

const DAEMON_USER = 'pgtoken';

/** Never throws for what a host may be like. @returns findings by topic. */
export async function examineHost(
  plan: HostPlan,
  host: Host,
  readDatabase: ReadDatabase,
  readRights: ReadRights,
): Promise<readonly Finding[]> {
  const user = await host.accounts.findUser(plan.user);
  const folders = plan.pamDir === undefined ? PAM_FOLDERS : [plan.pamDir];
  const daemon = await host.accounts.findUser(DAEMON_USER);
  const processes = host.findServers().filter(({ uid }) => uid === user?.uid);
  const asked = await askServers(
    { named: plan.db, role: plan.user },
    processes.filter((process) => plan.hba === undefined || usesHBAFile(process, plan.hba, host)),
    host,
    readDatabase,
  );
  const loaded = loadHBAFiles({ named: plan.hba, processes, servers: asked }, host);
  const { services: names, ...found } = await chooseServices(plan, loaded, folders, host);
  const terms = { folders, socket: plan.socket, config: plan.config, user };
  // A first look at the services, since who reads the configuration depends on their modes.
  const modes = names.map(
    (name) => checkService(name, { ...terms, maxTokenBytes: undefined }, host).options?.mode,
  );
  const usesExec = modes.includes('exec');
  const usesDaemon = !usesExec || modes.includes('daemon');
  const readers = [usesDaemon ? daemon : undefined, usesExec ? user : undefined];
  const { policy, findings } = await checkConfig(
    plan.config,
    readers.filter((reader) => reader !== undefined),
    host,
  );
  const maxTokenBytes = policy?.maxTokenBytes;
  const services = names.map((name) => checkService(name, { ...terms, maxTokenBytes }, host));
  const issuers = policy?.issuers ?? [];
  const cache = createDiskKeyCache({ folder: plan.cacheDir, sharedFolder: plan.cacheDir });
  const hba = checkHBAFiles(
    loaded,
    {
      services: names,
      serviceExists: (name) => findServiceFile(name, folders, host) !== undefined,
      superuser: plan.user,
    },
    found.expected,
    host,
  );
  const isNamed = plan.hba !== undefined || plan.db !== undefined;
  const own = processes.filter((process) => hba.files.some((file) => file.process === process));
  const servers = isNamed || own.length > 0 ? own : processes;
  const [reached, modules, sockets, database, acting, pgbouncer] = await Promise.all([
    checkIssuers(issuers, host),
    checkModules(plan, services, user, host),
    usesDaemon ? checkSockets({ ...plan, services: names }, services, user, servers, host) : [],
    checkServers(asked, hba, { policy, services: names }, host, readDatabase),
    checkActingRole(policy, host.accounts, readRights),
    checkPgBouncer({ file: plan.pgbouncer, folders, maxTokenBytes }, host),
  ]);
  const all = [
    ...findings,
    ...reached,
    ...(usesDaemon ? checkKeys(issuers, cache, plan.cacheDir, host) : []),
    ...services.flatMap((service) => service.findings),
    ...found.findings,
    ...modules,
    ...sockets,
    ...hba.findings,
    ...checkGroupLines(
      hba.files.filter(isLoaded).map(({ content, server }) => ({
        rules: content.rules,
        version: typeof server?.answer === 'object' ? server.answer.settings?.version : undefined,
      })),
      names,
      policy,
    ),
    ...database,
    ...acting,
    ...pgbouncer,
  ];
  return all.toSorted((a, b) => TOPICS.indexOf(a.topic) - TOPICS.indexOf(b.topic));
}

/** The services to examine: those that were named, or else those that the host itself names. */
async function chooseServices(
  { services, config }: HostPlan,
  loaded: readonly LoadedHBA[],
  folders: readonly string[],
  host: Host,
): Promise<FoundServices> {
  if (services !== undefined) {
    return { services, expected: services, findings: [] };
  }
  // Who is to read it depends on the services, and so it is read as its owner may.
  const status = host.files.status(config);
  const known = status.ok
    ? await host.loadPolicy(config, { uid: status.value.uid, gids: [status.value.gid] })
    : undefined;
  const listed =
    known?.ok === true ? known.policy.issuers.flatMap(({ entry }) => entry.pam.services ?? []) : [];
  const rules = loaded.flatMap((file) => (isLoaded(file) ? file.content.rules : []));
  return findServices(rules, listed, folders, host);
}

async function checkModules(
  plan: HostPlan,
  services: readonly ExaminedService[],
  user: Account | undefined,
  host: Host,
): Promise<readonly Finding[]> {
  const folder = plan.moduleDir ?? findModuleFolder(host);
  const named = [...new Set(services.flatMap(({ modules }) => modules))];
  const found = await Promise.all(
    (named.length === 0 ? [MODULE] : named).map(async (name) =>
      checkModule(name, folder, user, host),
    ),
  );
  return found.flat();
}

async function checkSockets(
  plan: Pick<HostPlan, 'socket' | 'user'> & { readonly services: readonly string[] },
  services: readonly ExaminedService[],
  user: Account | undefined,
  servers: readonly ServerProcess[],
  host: Host,
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
              fault(
                'socket-user',
                socket,
                `there is no user ${plan.user} on this host`,
                'Name the user that PostgreSQL runs as: --user NAME.',
              ),
            ]
          : await checkSocket(socket, user, servers, host);
      const status = host.files.status(socket);
      return status.ok && status.value.kind === 'socket'
        ? [...findings, await checkDaemon(socket, plan.services[0] ?? OAUTH_SERVICE, host)]
        : findings;
    }),
  );
  return found.flat();
}
