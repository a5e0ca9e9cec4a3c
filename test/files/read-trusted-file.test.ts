// Files whose content decides trust: who may own and write them, and everything else that may stand at a path.
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  readTrustedFile,
  type FileFault,
  type TrustedFileOptions,
} from '../../src/files/read-trusted-file.ts';
import { runChecked } from '../support/run-checked.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const NOBODY = 65_534;
const stack = new AsyncDisposableStack();
let folder: string;

beforeAll(async () => {
  folder = stack.use(await createTemporaryFolder('trusted-file')).path;
});

afterAll(async () => {
  await stack.disposeAsync();
});

let made = 0;

/** Makes a file with exactly this mode, whatever the umask. */
function makeFile(content: string | Uint8Array, mode = 0o644): string {
  made += 1;
  const path = join(folder, `file-${made}`);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

function read(path: string, options: Partial<TrustedFileOptions> = {}) {
  return readTrustedFile(path, { maxBytes: 1000, ...options });
}

/** Runs something as a user who is not root; where the tests are not run by root, that is who runs them. */
function withoutPrivileges<T>(action: () => T): T {
  if (process.geteuid?.() !== 0) return action();
  process.seteuid?.(NOBODY);
  try {
    return action();
  } finally {
    process.seteuid?.(0);
  }
}

function refused(fault: FileFault, reason: unknown) {
  return { ok: false, fault, reason };
}

describe('a trusted file', () => {
  it('is read whole, however long it says it is', () => {
    // The kernel's own say that they are empty.
    const text = readFileSync('/proc/version', 'utf8');
    expect(text.length).toBeGreaterThan(40);
    expect(read('/proc/version')).toEqual({ ok: true, text });
    expect(read('/proc/version', { maxBytes: text.length })).toEqual({ ok: true, text });
    expect(read('/proc/version', { maxBytes: text.length - 1 })).toEqual(
      refused('unsupported', `over ${text.length - 1} bytes; expected at most that`),
    );
  });

  it('is read when its owner alone may write it', () => {
    expect(read(makeFile('caf\u{e9}\n'))).toEqual({ ok: true, text: 'caf\u{e9}\n' });
    expect(read(makeFile('x', 0o600))).toEqual({ ok: true, text: 'x' });
    expect(read(makeFile('x', 0o444))).toEqual({ ok: true, text: 'x' });
    expect(read(makeFile('', 0o644))).toEqual({ ok: true, text: '' });
  });

  it('loses its byte order mark', () => {
    expect(read(makeFile('\u{FEFF}x'))).toEqual({ ok: true, text: 'x' });
  });

  it('may be reached through symbolic links, as those of a mounted ConfigMap', () => {
    mkdirSync(join(folder, '..data-1'));
    writeFileSync(join(folder, '..data-1', 'issuers.yaml'), 'mounted', { mode: 0o644 });
    symlinkSync('..data-1', join(folder, '..data'));
    symlinkSync('..data/issuers.yaml', join(folder, 'issuers.yaml'));
    expect(read(join(folder, 'issuers.yaml'))).toEqual({ ok: true, text: 'mounted' });
  });

  it.each([
    [0o664, '0664'],
    [0o620, '0620'],
    [0o646, '0646'],
    [0o602, '0602'],
    [0o666, '0666'],
    [0o777, '0777'],
    [0o4664, '4664'],
  ])('is refused with mode %o', (mode, shown) => {
    expect(read(makeFile('x', mode))).toEqual(
      refused(
        'untrusted',
        `mode ${shown} lets group or others write it; expected only its owner to (chmod go-w)`,
      ),
    );
  });

  it('is refused behind a symbolic link when the file itself may be written by others', () => {
    const path = makeFile('x', 0o666);
    symlinkSync(path, `${path}-link`);
    expect(read(`${path}-link`)).toEqual(
      refused(
        'untrusted',
        'mode 0666 lets group or others write it; expected only its owner to (chmod go-w)',
      ),
    );
  });

  it('is refused when somebody else owns it', () => {
    const owner = process.geteuid?.();
    expect(read(makeFile('x'), { owners: new Set([4242]) })).toEqual(
      refused('untrusted', `owned by user ID ${owner}; expected 4242`),
    );
    expect(read(makeFile('x'), { owners: new Set([4242, 4243]) })).toEqual(
      refused('untrusted', `owned by user ID ${owner}; expected 4242 or 4243`),
    );
    expect(read(makeFile('x'), { owners: new Set() })).toMatchObject({ ok: false });
  });

  it('may by default belong to root, whoever reads it', () => {
    const file = withoutPrivileges(() => read('/etc/passwd', { maxBytes: 1_000_000 }));
    expect(file.ok && file.text).toContain('root:');
  });

  it('is refused when it may not be read', () => {
    const path = makeFile('x', 0o000);
    const reader = process.geteuid?.() === 0 ? NOBODY : process.geteuid?.();
    expect(withoutPrivileges(() => read(path))).toEqual(
      refused('unreadable', `user ID ${reader} may not read it`),
    );
  });

  it('is refused when a folder above it may not be entered', () => {
    const closed = join(folder, 'closed');
    mkdirSync(closed);
    writeFileSync(join(closed, 'file'), 'x');
    chmodSync(closed, 0o600);
    const result = withoutPrivileges(() => read(join(closed, 'file')));
    // Or the folder could not be removed.
    chmodSync(closed, 0o700);
    expect(result).toEqual(
      refused('unreadable', expect.stringMatching(/^user ID \d+ may not read it$/)),
    );
  });

  it('is missing when it is not there', () => {
    expect(read(join(folder, 'nothing'))).toEqual(refused('missing', 'no such file'));
    symlinkSync(join(folder, 'nothing'), join(folder, 'dangling'));
    expect(read(join(folder, 'dangling'))).toEqual(refused('missing', 'no such file'));
  });

  it('is no folder, FIFO, device or socket, and none of them makes the reader wait', async () => {
    const notRegular = refused('unsupported', 'expected a regular file');
    expect(read(folder)).toEqual(notRegular);
    expect(read('/dev/null')).toEqual(notRegular);

    const fifo = join(folder, 'fifo');
    await runChecked('mkfifo', [fifo]);
    expect(read(fifo)).toEqual(notRegular);

    const socket = join(folder, 'socket');
    const server = createServer().listen(socket);
    stack.defer(() => {
      server.close();
    });
    await new Promise((resolve) => {
      server.once('listening', resolve);
    });
    expect(read(socket)).toMatchObject({ ok: false, fault: 'unsupported' });
  });

  it.each([
    ['a file below a file', () => join(makeFile('x'), 'below')],
    ['a name that is too long', () => join(folder, 'x'.repeat(5000))],
    ['a name with a NUL', () => join(folder, 'a\0b')],
    [
      'a link to itself',
      () => {
        symlinkSync('loop', join(folder, 'loop'));
        return join(folder, 'loop');
      },
    ],
  ])('is refused without an exception: %s', (_what, path) => {
    expect(read(path())).toEqual(refused('unsupported', expect.stringMatching(/\S/)));
  });

  it('has at most so many bytes', () => {
    expect(read(makeFile('x'.repeat(1000)))).toMatchObject({ ok: true });
    expect(read(makeFile('x'.repeat(1001)))).toEqual(
      refused('unsupported', 'over 1000 bytes; expected at most that'),
    );
    expect(read(makeFile(''), { maxBytes: 0 })).toEqual({ ok: true, text: '' });
  });

  it.each([
    ['a byte of Latin-1', Buffer.from('caf\u{e9}', 'latin1')],
    ['half a letter', Buffer.of(0x61, 0xc3)],
    ['half a surrogate pair', Buffer.of(0xed, 0xa0, 0x80)],
    ['UTF-16', Buffer.from('\u{FEFF}x', 'utf16le')],
  ])('is UTF-8 and not %s', (_what, content) => {
    expect(read(makeFile(content))).toEqual(refused('unsupported', 'expected UTF-8'));
  });
});
