// `pgtoken doctor` on a host with one fault at a time in its PAM service or its module, and with an old PgBouncer: it names that
// fault and its fix, and no other.
import { chmod, copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  fault,
  SERVICE,
  startExaminedHost,
  TWO_LINES,
  type ExaminedHost,
} from '../support/examined-host.ts';
import { runChecked } from '../support/run-checked.ts';

const stack = new AsyncDisposableStack();
let host: ExaminedHost;

beforeAll(async () => {
  host = stack.use(await startExaminedHost());
});

afterAll(async () => {
  await stack.disposeAsync();
});

const accountLine = (): string => `account required ${host.module}`;

describe('names the fault and the fix where, in PAM,', () => {
  it('there is no service file', async () => {
    const pamDir = await host.newFolder();
    expect(await host.faultsOf({ pamDir })).toEqual([
      fault(
        'failure',
        'service-missing',
        join(pamDir, SERVICE),
        'no such file; every login to this service is denied',
        `Write it with two lines:${TWO_LINES}`,
      ),
    ]);
  });

  it('the path of the module is wrong', async () => {
    const pamDir = await host.newPAMFolder(
      `auth required /usr/lib/security/pam_pgtoken.so socket=${host.daemonHost.socket}`,
      `account required /usr/lib/security/pam_pgtoken.so socket=${host.daemonHost.socket}`,
    );
    expect(await host.faultsOf({ pamDir })).toEqual([
      fault(
        'failure',
        'module-missing',
        '/usr/lib/security/pam_pgtoken.so',
        'no such file; libpam answers "Module is unknown"',
        'Write pam_pgtoken.so without a path in the service file, or install the module there.',
      ),
    ]);
  });

  it('the module is not installed', async () => {
    const moduleDir = await host.newFolder();
    const line = `required pam_pgtoken.so socket=${host.daemonHost.socket}`;
    const pamDir = await host.newPAMFolder(`auth ${line}`, `account ${line}`);
    expect(await host.faultsOf({ pamDir, moduleDir })).toEqual([
      fault(
        'failure',
        'module-missing',
        join(moduleDir, 'pam_pgtoken.so'),
        'no such file; libpam answers "Module is unknown"',
        'Install the package; from a checkout: make -C pam install.',
      ),
    ]);
  });

  const REINSTALL =
    'Install the package for this architecture again; from a checkout: make -C pam install.';
  const OTHER = process.arch === 'arm64' ? 'x64' : 'arm64';

  it.each<
    readonly [
      what: string,
      spoil: (path: string) => Promise<void>,
      name: string,
      message: (path: string) => string,
      hint: (path: string) => string,
    ]
  >([
    [
      'is for another architecture',
      async (path) => patch(path, 18, OTHER === 'x64' ? 62 : 183),
      'module-invalid',
      () => `made for ${OTHER}, 64 bits; expected ${process.arch}, 64 bits`,
      () => REINSTALL,
    ],
    [
      'is no shared object',
      async (path) => writeFile(path, '#!/bin/sh\n'.repeat(10)),
      'module-invalid',
      () => 'expected a shared object (ELF)',
      () => REINSTALL,
    ],
    [
      'cannot be loaded',
      compileWithoutItsLibrary,
      'module-unloadable',
      () =>
        'it cannot be loaded: libpgtoken-missing.so.1: cannot open shared object file: No such file or directory',
      () => `It needs libpam and glibc 2.34 or newer. ${REINSTALL}`,
    ],
    [
      'can be written by others',
      async (path) => chmod(path, 0o666),
      'module-writable',
      (path) =>
        `owner root, mode 0666 of ${path}: others than root could replace it, and so decide who logs in`,
      (path) => `Run:\n  chown root ${path} && chmod go-w ${path}`,
    ],
    [
      'cannot be read by the server',
      async (path) => chmod(path, 0o600),
      'module-unreadable',
      (path) => `user postgres may not read it: mode 0600 of ${path}`,
      (path) => `Run:\n  chmod a+r ${path}`,
    ],
  ])('the module %s', async (_, spoil, name, message, hint) => {
    const moduleDir = await host.newFolder();
    const module = join(moduleDir, 'pam_pgtoken.so');
    await copyFile(host.daemonHost.installation.module, module);
    await chmod(module, 0o644);
    await spoil(module);
    const line = `required pam_pgtoken.so socket=${host.daemonHost.socket}`;
    const pamDir = await host.newPAMFolder(`auth ${line}`, `account ${line}`);
    expect(await host.faultsOf({ pamDir, moduleDir })).toEqual([
      fault('failure', name, module, message(module), hint(module)),
    ]);
  });

  it('a pam_exec line cuts tokens', async () => {
    const pamDir = await host.newPAMFolder(
      `auth required pam_exec.so expose_authtok ${host.daemonHost.installation.helper} pam`,
      'account required pam_permit.so',
    );
    expect(await host.faultsOf({ pamDir })).toEqual([
      fault(
        'failure',
        'service-truncates',
        `${join(pamDir, SERVICE)}:1`,
        'pam_exec.so hands over at most 511 bytes of a token and says nothing about the rest; most tokens are longer',
        'Use the module that does not:\n  auth     required  pam_pgtoken.so mode=exec\n  account  required  pam_pgtoken.so mode=exec',
      ),
    ]);
  });

  it('a pam_exec line would cut tokens longer than any that is accepted, as a warning', async () => {
    const pamDir = await host.newPAMFolder(
      `auth required pam_exec.so expose_authtok ${host.daemonHost.installation.helper} pam`,
      'account required pam_permit.so',
    );
    const config = await host.newConfig(host.entry({ token: { maxBytes: 511 } }));
    const { status, faults } = await host.examine({ pamDir, config });
    expect({ status, faults: faults.map((one) => one.fault) }).toEqual({
      status: 0,
      faults: ['service-truncates-long'],
    });
  });

  it.each<readonly [name: string, lines: readonly string[], at: number, what: string]>([
    [
      'before it',
      ['auth sufficient pam_permit.so', 'auth required MODULE'],
      1,
      'auth sufficient pam_permit.so',
    ],
    [
      'behind it',
      ['auth optional MODULE', 'auth required pam_permit.so'],
      2,
      'auth required pam_permit.so',
    ],
    [
      'by a jump over it',
      [
        'auth [success=1 default=ignore] pam_unix.so',
        'auth required MODULE',
        'auth required pam_permit.so',
      ],
      1,
      'auth [success=1 default=ignore] pam_unix.so',
    ],
  ])('another module wins %s', async (_, lines, at, what) => {
    const pamDir = await host.newPAMFolder(
      ...lines.map((line) => line.replace('MODULE', host.module)),
      accountLine(),
    );
    expect(await host.faultsOf({ pamDir })).toEqual([
      fault(
        'failure',
        'service-bypassed',
        `${join(pamDir, SERVICE)}:${at}`,
        `${what} lets in whom pgtoken has not granted (auth_err)`,
        'Leave pam_pgtoken.so alone in the auth lines, with control required.',
      ),
    ]);
  });

  it('an included file lets everybody in', async () => {
    const pamDir = await host.newPAMFolder(
      '@include common-auth',
      `auth required ${host.module}`,
      accountLine(),
    );
    const included = join(pamDir, 'common-auth');
    await writeFile(included, 'auth [success=done default=ignore] pam_unix.so\n');
    await chmod(included, 0o644);
    const { faults } = await host.examine({ pamDir });
    expect(faults).toEqual([
      expect.objectContaining({
        fault: 'service-bypassed',
        subject: `${included}:1`,
        message:
          'auth [success=done default=ignore] pam_unix.so lets in whom pgtoken has not granted (auth_err)',
      }),
    ]);
  });

  it.each([
    [
      'an option is unknown',
      'sockt=/run/x',
      'pam_pgtoken.so: option sockt=/run/x is unknown; expected mode=, socket=, helper=, config=, timeout= or debug; nobody logs in',
    ],
    [
      'an option has no effect',
      'helper=/usr/bin/pgtoken',
      'pam_pgtoken.so: option helper= has no effect in mode=daemon; expected mode=exec beside it; nobody logs in',
    ],
  ])('%s', async (_, option, message) => {
    const pamDir = await host.newPAMFolder(`auth required ${host.module} ${option}`, accountLine());
    expect(await host.faultsOf({ pamDir })).toEqual([
      fault(
        'failure',
        'service-option',
        `${join(pamDir, SERVICE)}:1`,
        message,
        'Correct the option; docs/start/pam.md has all of them.',
      ),
    ]);
  });

  it('there is no account line', async () => {
    const pamDir = await host.newPAMFolder(`auth required ${host.module}`);
    expect(await host.faultsOf({ pamDir })).toEqual([
      fault(
        'failure',
        'service-no-account',
        join(pamDir, SERVICE),
        'no account line: PostgreSQL refuses the login after the token was granted',
        'Write (beside pam_exec.so with pam_permit.so):\n  account  required  pam_pgtoken.so',
      ),
    ]);
  });

  it('the auth line is of another module', async () => {
    const pamDir = await host.newPAMFolder('auth required pam_unix.so', accountLine());
    expect(await host.faultsOf({ pamDir })).toEqual([
      fault(
        'failure',
        'service-no-auth',
        join(pamDir, SERVICE),
        'no auth line with pam_pgtoken.so: no token is ever looked at',
        `Write:${TWO_LINES}`,
      ),
    ]);
  });

  it('the module gives up before the daemon does', async () => {
    const line = `required ${host.daemonHost.installation.module} socket=${host.daemonHost.socket} timeout=4`;
    const pamDir = await host.newPAMFolder(`auth ${line}`, `account ${line}`);
    expect(await host.faultsOf({ pamDir })).toEqual([
      fault(
        'warning',
        'service-timeout',
        `${join(pamDir, SERVICE)}:1`,
        "timeout=4 is not above the daemon's deadline, 4 s unless it is told otherwise",
        'Write timeout=5, or start the daemon with a --deadline below 4s.',
      ),
    ]);
  });

  it('the helper of mode=exec is missing, and logins are decided by another file', async () => {
    const line = `required ${host.daemonHost.installation.module} mode=exec helper=/usr/bin/pgtokn config=/etc/pgtoken/other.yaml`;
    const pamDir = await host.newPAMFolder(`auth ${line}`, `account ${line}`);
    const subject = `${join(pamDir, SERVICE)}:1`;
    expect(await host.faultsOf({ pamDir })).toEqual([
      fault(
        'failure',
        'service-helper',
        subject,
        'helper=/usr/bin/pgtokn: no such file',
        'Name the command by its absolute path: helper=/usr/bin/pgtoken.',
      ),
      fault(
        'warning',
        'service-config',
        subject,
        `logins are decided by /etc/pgtoken/other.yaml; examined was ${host.daemonHost.installation.config}`,
        'Run this with --config /etc/pgtoken/other.yaml, or change config= of the line.',
      ),
    ]);
  });

  it('the service file can be written by others', async () => {
    const pamDir = await host.newPAMFolder(`auth required ${host.module}`, accountLine());
    const path = join(pamDir, SERVICE);
    await chmod(path, 0o664);
    expect(await host.faultsOf({ pamDir })).toEqual([
      fault(
        'failure',
        'service-writable',
        path,
        'mode 0664, owner 0: others than root may write it, and so decide who logs in',
        `Run:\n  chown root ${path} && chmod go-w ${path}`,
      ),
    ]);
  });
});

describe('names the fault and the fix where, in front of the server,', () => {
  it('an old PgBouncer cuts tokens, and has no service of its own', async () => {
    const bin = await host.newFolder();
    const program = join(bin, 'pgbouncer');
    await writeFile(program, '#!/bin/sh\necho "PgBouncer 1.18.0"\n');
    await chmod(program, 0o755);
    const ini = await host.newFile(
      'pgbouncer.ini',
      '[databases]\n* =\n[pgbouncer]\nauth_type = pam\n',
    );
    const pamDir = await host.newPAMFolder(`auth required ${host.module}`, accountLine());
    expect(
      await host.faultsOf({
        pamDir,
        more: [`--pgbouncer=${ini}`],
        env: { PATH: `${bin}:${process.env['PATH'] ?? ''}` },
      }),
    ).toEqual([
      fault(
        'failure',
        'pgbouncer-service',
        join(pamDir, 'pgbouncer'),
        'no such file; auth_type = pam in pgbouncer.ini asks service pgbouncer',
        `Write it with two lines:${TWO_LINES}`,
      ),
      fault(
        'warning',
        'pgbouncer-limit',
        ini,
        'PgBouncer 1.18.0 cuts passwords after 2047 bytes and says nothing; issuers.yaml accepts up to 16384',
        'Use PgBouncer 1.26 or newer, or keep tokens to 2047 bytes.',
      ),
    ]);
  });
});

async function patch(path: string, at: number, byte: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at] = byte;
  await writeFile(path, bytes);
}

/** A shared object that needs another, which is not there. */
async function compileWithoutItsLibrary(path: string): Promise<void> {
  const needed = `${path}.needed`;
  const shared = ['-shared', '-x', 'c', '/dev/null', '-x', 'none'];
  const name = '-Wl,-soname,libpgtoken-missing.so.1';
  await runChecked('gcc', [...shared, name, '-o', needed]);
  await runChecked('gcc', [...shared, '-Wl,--no-as-needed', needed, '-o', path]);
  await rm(needed);
  await chmod(path, 0o644);
}
