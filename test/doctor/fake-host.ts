// A host that is not there: files, users and answers that a test makes up.
import type { FileAnswer, Files, FileStatus, Host } from '../../src/doctor/host/host.ts';
import type { Account } from '../../src/doctor/host/account.ts';

/** A file: its text, or a folder or a socket, with its owner, group and mode. */
export interface FakeFile {
  readonly kind?: FileStatus['kind'];
  readonly text?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly mode?: number;
  readonly modifiedAt?: number;
  /** Default: the path. */
  readonly identity?: string;
  /** Default: 1. */
  readonly links?: number;
  /** Where it leads, of a symbolic link. */
  readonly link?: string;
  /** Who may read it; default: everybody. */
  readonly reader?: number;
}

/** Files by path. Folders need not be written; they belong to root, mode 0755. @param reader user ID of who looks. */
export function fakeFiles(
  files: Readonly<Record<string, FakeFile>>,
  reader: () => number = () => 0,
): Files {
  const paths = Object.keys(files);
  const find = (path: string): FakeFile | undefined =>
    files[path] ??
    (path === '/' || paths.some((one) => one.startsWith(`${path}/`))
      ? { kind: 'folder', mode: 0o755 }
      : undefined);
  const look = <T>(path: string, value: (file: FakeFile) => T): FileAnswer<T> => {
    const file = find(path);
    if (file === undefined) return { ok: false, missing: true, reason: 'no such file' };
    return file.reader === undefined || file.reader === reader()
      ? { ok: true, value: value(file) }
      : { ok: false, missing: false, reason: `user ID ${reader()} may not read it` };
  };
  return {
    status: (path) =>
      look(
        path,
        ({
          kind = 'file',
          uid = 0,
          gid = 0,
          mode = 0o644,
          modifiedAt = 0,
          identity = path,
          links = 1,
        }) => ({
          kind,
          uid,
          gid,
          mode,
          modifiedAt,
          identity,
          links,
        }),
      ),
    readText: (path) => look(path, ({ text = '' }) => text),
    readHead: (path, bytes) => look(path, ({ text = '' }) => Buffer.from(text).subarray(0, bytes)),
    readLink: (path) => look(path, ({ link = '' }) => link),
    list: (path) =>
      [
        ...new Set(
          paths
            .filter((one) => one.startsWith(`${path}/`))
            .map((one) => one.slice(path.length + 1).split('/')[0] ?? ''),
        ),
      ].toSorted(),
  };
}

export const POSTGRES: Account = { name: 'postgres', uid: 101, gids: [104, 103] };

/** Root's look at a host with these files, where nothing runs and nobody answers. */
export function fakeHost(over: Partial<Host> = {}): Host {
  return {
    files: fakeFiles({}),
    accounts: {
      findUser: async () => undefined,
      nameOfUser: async (uid) => (uid === 0 ? 'root' : `user${uid}`),
      nameOfGroup: async (gid) => (gid === 0 ? 'root' : `group${gid}`),
    },
    run: async () => ({ status: undefined, stdout: '', stderr: '' }),
    clock: () => 1_800_000_000,
    loadPolicy: async (path) => ({ ok: false, problems: [], files: [path] }),
    fetchKeys: async () => ({
      result: { kind: 'failed', reason: 'nobody answers' },
      clockOffset: undefined,
    }),
    askDaemon: async () => ({ kind: 'failed', reason: 'ENOENT' }),
    findServers: () => [],
    uid: 0,
    architecture: 'x64',
    ...over,
  };
}
