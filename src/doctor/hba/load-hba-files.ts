// The files of pg_hba.conf that are examined, each with the server that has its rules from it.
import { join } from 'node:path';
import { fault, type Finding } from '../finding.ts';
import { usesHBAFile } from '../server/find-servers.ts';
import { type ParsedHBA, parseHBA } from './parse-hba.ts';
import type { AskedServer } from '../server/ask-servers.ts';
import type { ServerProcess, Host } from '../host/host.ts';

/** A file that is there. */
export interface LoadedHBA {
  readonly path: string;
  /** What it says, or why that is not known. */
  readonly content: ParsedHBA | Finding;
  /** The server of this host that runs with it. */
  readonly process: ServerProcess | undefined;
  /** The server that was asked. */
  readonly server: AskedServer | undefined;
}

/** Where they may be. */
export interface HBAPlaces {
  /** The file of --hba. */
  readonly named: string | undefined;
  /** Servers of this host. */
  readonly processes: readonly ServerProcess[];
  readonly servers: readonly AskedServer[];
}

/** Where postgresql-common lays clusters out, by version and name. */
export const DEBIAN_CLUSTERS = '/etc/postgresql';

/** @returns the named one; or that of the server of --db; or those of all servers of this host, running or Debian's. */
export function loadHBAFiles(
  { named, processes, servers }: HBAPlaces,
  { files }: Pick<Host, 'files'>,
): readonly LoadedHBA[] {
  const [first] = servers;
  const isNamedServer = first !== undefined && first.process === undefined;
  const told = servers.flatMap((server) => fileOf(server) ?? []);
  const [ownFile] = isNamedServer ? told : [];
  const chosen = named ?? ownFile;
  const silent = processes.filter(
    (process) => !servers.some((one) => one.process === process && fileOf(one) !== undefined),
  );
  const paths =
    chosen === undefined
      ? unique([...told, ...findDebianFiles(files), ...silent.flatMap(filesBeside)], files)
      : [chosen];
  return paths.map((path) => {
    const process = processes.find((one) => usesHBAFile(one, path, { files }));
    const server = isNamedServer
      ? first
      : (servers.find((one) => fileOf(one) === path) ??
        servers.find((one) => one.process !== undefined && one.process === process));
    return {
      path,
      content: load(path, server, files),
      process: server?.process ?? process,
      server,
    };
  });
}

/** Whether the rules of a file are known. */
export function isLoaded(hba: LoadedHBA): hba is LoadedHBA & { readonly content: ParsedHBA } {
  return 'rules' in hba.content;
}

function load(
  path: string,
  server: AskedServer | undefined,
  files: Host['files'],
): ParsedHBA | Finding {
  const text = files.readText(path);
  if (text.ok) {
    return parseHBA(path, text.value, {
      read: (other) => {
        const content = files.readText(other);
        return content.ok ? content.value : undefined;
      },
      list: (folder) => files.list(folder),
    });
  }
  const facts = typeof server?.answer === 'object' ? server.answer : undefined;
  if (facts?.rules !== undefined && facts.hbaFile === path) {
    // What is wrong with other lines, the server says itself.
    const rules = facts.rules.flatMap(({ rule }) => (rule === undefined ? [] : [rule]));
    return { rules, problems: [], files: [] };
  }
  const hint = text.missing ? 'Name the right one with --hba FILE.' : 'Run this as root.';
  return fault('hba-unreadable', path, text.reason, hint);
}

function fileOf({ answer }: AskedServer): string | undefined {
  return typeof answer === 'string' ? undefined : answer.hbaFile;
}

function filesBeside({ folders }: ServerProcess): string[] {
  return folders.map((folder) => join(folder, 'pg_hba.conf'));
}

function findDebianFiles(files: Host['files']): string[] {
  return files
    .list(DEBIAN_CLUSTERS)
    .flatMap((version) =>
      files
        .list(join(DEBIAN_CLUSTERS, version))
        .map((cluster) => join(DEBIAN_CLUSTERS, version, cluster, 'pg_hba.conf')),
    );
}

/** Those that are there, each once, whatever path leads to it. */
function unique(paths: readonly string[], files: Host['files']): string[] {
  const known = new Map<string, string>();
  for (const path of paths) {
    const status = files.status(path);
    if (status.ok && !known.has(status.value.identity)) {
      known.set(status.value.identity, path);
    }
  }
  return [...known.values()];
}
