// The files of pg_hba.conf: the one that was named, or those of Debian's clusters.
import { join } from 'node:path';
import { checkHBA } from './check-hba.ts';
import { findServiceFile } from './check-service.ts';
import { faulty, type Finding } from './finding.ts';
import { type HBARule, parseHBA } from './parse-hba.ts';
import type { DatabaseFacts } from './read-database.ts';
import type { World } from './world.ts';

/** What is looked at, and for what. */
export interface HBAPlan {
  /** Undefined: where the server says, or where Debian has them. */
  readonly file: string | undefined;
  /** What the server says, where it was asked. */
  readonly server: DatabaseFacts | undefined;
  /** PAM services, as libpam knows them. */
  readonly services: readonly string[];
  /** Where libpam looks, in this order. */
  readonly folders: readonly string[];
  /** The role that administers the server. */
  readonly superuser: string;
}

const DEBIAN_CLUSTERS = '/etc/postgresql';

/** @returns what was found, and the rules that there are. */
export function checkHBAFiles(
  { file, server, services, folders, superuser }: HBAPlan,
  world: Pick<World, 'files'>,
): { readonly findings: readonly Finding[]; readonly rules: readonly HBARule[] } {
  const { files } = world;
  const named = file ?? server?.hbaFile;
  const paths = named === undefined ? findDebianFiles(files) : [named];
  if (paths.length === 0) {
    const finding = faulty(
      'hba-unknown',
      'pg_hba.conf',
      `not looked at: none in ${DEBIAN_CLUSTERS}`,
      'Name it with --hba FILE, or let the server say where it is: --db CONNSTRING.',
    );
    return { findings: [finding], rules: [] };
  }
  const terms = {
    services,
    superuser,
    listenAddresses: undefined,
    serviceExists: (name: string) => findServiceFile(name, folders, world) !== undefined,
  };
  const examined = paths.map((path) => {
    const text = files.readText(path);
    if (!text.ok && path === server?.hbaFile && server.rules !== undefined) {
      const rules = server.rules.flatMap(({ rule }) => (rule === undefined ? [] : [rule]));
      // What is wrong with the others, the server says itself.
      return { findings: checkHBA(path, { rules, problems: [] }, terms), rules };
    }
    if (!text.ok) {
      const hint = text.missing ? 'Name the right one with --hba FILE.' : 'Run this as root.';
      return { findings: [faulty('hba-unreadable', path, text.reason, hint)], rules: [] };
    }
    const parsed = parseHBA(path, text.value, {
      read: (other) => {
        const content = files.readText(other);
        return content.ok ? content.value : undefined;
      },
      list: (folder) => files.list(folder),
    });
    return { findings: checkHBA(path, parsed, terms), rules: parsed.rules };
  });
  // Of several clusters, those that have nothing to do with it are left alone.
  const using = examined.filter(
    ({ findings }) => !findings.some(({ fault }) => fault === 'hba-unused'),
  );
  const chosen = using.length > 0 ? using : examined;
  return {
    findings: chosen.flatMap(({ findings }) => findings),
    rules: chosen.flatMap(({ rules }) => rules),
  };
}

/** As postgresql-common lays them out: version, then name of the cluster. */
function findDebianFiles(files: World['files']): string[] {
  return files
    .list(DEBIAN_CLUSTERS)
    .flatMap((version) =>
      files
        .list(join(DEBIAN_CLUSTERS, version))
        .map((cluster) => join(DEBIAN_CLUSTERS, version, cluster, 'pg_hba.conf')),
    )
    .filter((path) => files.status(path).ok);
}
