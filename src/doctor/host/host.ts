// What the checks see of the host. Everything comes in through here, so that a check can be tried on a host that is not
// this one; nothing in here changes anything.
import type { LoadedPolicy } from '../../policy/load-policy.ts';
import type { Clock } from '../../clock.ts';
import type { AskDaemon } from '../daemon/ask-daemon.ts';
import type { FetchKeys } from '../issuers/fetch-keys.ts';
import type { Account, Rights } from './account.ts';

/** Something of the file system, or why it could not be had. */
export type FileAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly missing: boolean; readonly reason: string };

/** A file as stat(2) tells it, symbolic links followed. */
export interface FileStatus {
  readonly kind: 'file' | 'folder' | 'socket' | 'other';
  readonly uid: number;
  readonly gid: number;
  /** The permission bits, set-user-ID and the like included. */
  readonly mode: number;
  /** When it was last written, Unix time in seconds. */
  readonly modifiedAt: number;
  /** Which file it is, whatever path leads to it. */
  readonly identity: string;
  /** How many names it has. */
  readonly links: number;
}

/** Files, read only. Never throws. */
export interface Files {
  status(path: string): FileAnswer<FileStatus>;
  /** The text of a regular file of at most 1 MiB; what is no UTF-8 is replaced. */
  readText(path: string): FileAnswer<string>;
  /** The first bytes of a regular file. */
  readHead(path: string, bytes: number): FileAnswer<Uint8Array>;
  /** The names in a folder, sorted; none where it cannot be read. */
  list(path: string): readonly string[];
  /** Where a symbolic link leads, as it is written. */
  readLink(path: string): FileAnswer<string>;
}

/** Users and groups of the host, wherever it has them from. */
export interface Accounts {
  findUser(name: string): Promise<Account | undefined>;
  /** @returns the name, or the number where there is none. */
  nameOfUser(uid: number): Promise<string>;
  nameOfGroup(gid: number): Promise<string>;
}

/** What became of a command. */
export interface CommandResult {
  /** Undefined when it could not be started or did not end in time. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command with nothing on its standard input, for a few seconds at most. Never rejects. */
export type Run = (command: string, args: readonly string[]) => Promise<CommandResult>;

/** A running PostgreSQL server of this host. */
export interface ServerProcess {
  readonly pid: number;
  readonly uid: number;
  readonly gids: readonly [number, ...(readonly number[])];
  /** Where its pg_hba.conf may be: the data folder, and that of the configuration it was started with. */
  readonly folders: readonly string[];
}

/** The host, as far as any check looks. */
export interface Host {
  readonly files: Files;
  readonly accounts: Accounts;
  readonly run: Run;
  readonly clock: Clock;
  /** Loads issuers.yaml with the rights of this account, where that is possible. */
  readonly loadPolicy: (path: string, reader: Rights) => Promise<LoadedPolicy>;
  readonly fetchKeys: FetchKeys;
  readonly askDaemon: AskDaemon;
  /** Those of this host: not those of a container or of another root, which have users and files of their own. */
  readonly findServers: () => readonly ServerProcess[];
  /** The user ID that the check itself runs as. */
  readonly uid: number;
  /** Such as x64, as Node calls it. */
  readonly architecture: string;
}
