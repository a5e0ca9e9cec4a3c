// PAM services on hosts that are not there: what the end-to-end tests do not plant.
import { describe, expect, it } from 'vitest';

import { checkService } from '../../../src/doctor/pam/check-service.ts';
import type { Finding } from '../../../src/doctor/finding.ts';
import { fakeFiles, fakeHost, POSTGRES, type FakeFile } from '../fake-host.ts';

const BOTH = 'auth required pam_pgtoken.so\naccount required pam_pgtoken.so\n';

function check(
  service: string | FakeFile,
  more: Readonly<Record<string, FakeFile>> = {},
): readonly Finding[] {
  const file = typeof service === 'string' ? { text: service } : service;
  const files = fakeFiles({ '/etc/pam.d/x': file, ...more });
  const terms = {
    folders: ['/etc/pam.d', '/usr/lib/pam.d'],
    socket: undefined,
    config: '/etc/pgtoken/issuers.yaml',
    maxTokenBytes: undefined,
    user: POSTGRES,
  };
  return checkService('x', terms, fakeHost({ files })).findings;
}

const faults = (findings: readonly Finding[]): unknown[] => findings.map(({ fault }) => fault);

describe('a service', () => {
  it('in order says whom it asks', () => {
    expect(check(BOTH)).toMatchObject([
      {
        level: 'ok',
        subject: '/etc/pam.d/x',
        message: 'auth and account by pam_pgtoken.so, which asks /run/pgtoken/pgtoken.sock',
      },
    ]);
  });

  it('may come from the folder of packages, and that of the administrator goes first', () => {
    const vendor = { '/usr/lib/pam.d/y': { text: BOTH } };
    const terms = {
      folders: ['/etc/pam.d', '/usr/lib/pam.d'],
      socket: undefined,
      config: '/etc/pgtoken/issuers.yaml',
      maxTokenBytes: undefined,
      user: POSTGRES,
    };
    const find = (files: Readonly<Record<string, FakeFile>>): unknown =>
      checkService('y', terms, fakeHost({ files: fakeFiles(files) })).findings[0]?.subject;
    expect(find(vendor)).toBe('/usr/lib/pam.d/y');
    expect(find({ ...vendor, '/etc/pam.d/y': { text: BOTH } })).toBe('/etc/pam.d/y');
  });

  it('that the server may not read counts as none', () => {
    expect(check({ text: BOTH, mode: 0o600 })).toEqual([
      {
        topic: 'service',
        level: 'failure',
        fault: 'service-unreadable',
        subject: '/etc/pam.d/x',
        message: 'mode 0600 of /etc/pam.d/x keeps user postgres from reading it',
        hint: 'Run:\n  chmod a+r /etc/pam.d/x',
      },
    ]);
  });

  it('that belongs to the server is written by those whom it should judge', () => {
    expect(faults(check({ text: BOTH, uid: 101 }))).toEqual(['service-writable']);
  });

  it('is no better than the files it includes', () => {
    const text = `@include y\n${BOTH}`;
    const include = (file: FakeFile): unknown[] => faults(check(text, { '/etc/pam.d/y': file }));
    expect(include({ text: 'session required pam_unix.so\n' })).toEqual([undefined]);
    expect(include({ text: 'auth required pam_unix.so\n', mode: 0o666 })).toEqual([
      'service-writable',
    ]);
    expect(include({ text: 'auth sufficient pam_unix.so\n' })).toEqual(['service-bypassed']);
    expect(include({ text: 'auth required pam_deny.so\n' })).toEqual(['service-blocked']);
  });

  it.each<readonly [text: string, fault: string, line: number]>([
    [
      'auth required pam_exec.so /usr/bin/pgtoken pam\naccount required pam_permit.so',
      'service-truncates',
      1,
    ],
    ['auth requierd pam_pgtoken.so\naccount required pam_pgtoken.so', 'service-blocked', 0],
    ['auth required pam_pgtoken.so\naccount required pam_deny.so', 'service-no-account', 0],
    [
      'auth required pam_pgtoken.so\naccount required pam_permit.so',
      'service-account-unchecked',
      0,
    ],
    ['auth required pam_pgtoken.so\naccount required pam_pgtoken.so bogus', 'service-option', 2],
    [`${BOTH}auth nonsense`, 'service-syntax', 3],
    [`${BOTH}@include nowhere`, 'service-syntax', 3],
    [`${BOTH}auth sufficient pam_permit.so`, '', 0],
    [
      `auth sufficient pam_pgtoken.so\nauth required pam_deny.so\naccount required pam_pgtoken.so`,
      '',
      0,
    ],
    [`auth [success=done default=die] pam_pgtoken.so\naccount required pam_pgtoken.so`, '', 0],
    [
      `auth [default=done] pam_pgtoken.so\nauth sufficient pam_permit.so\naccount required pam_pgtoken.so`,
      '',
      0,
    ],
    [
      `auth [success=ok service_err=ignore default=die] pam_pgtoken.so\nauth required pam_permit.so\naccount required pam_pgtoken.so`,
      'service-bypassed',
      2,
    ],
  ])('%j is %s', (text, fault, line) => {
    const findings = check(text).filter(({ level }) => level !== 'ok');
    expect(findings.map((one) => [one.fault, one.subject])).toEqual(
      fault === '' ? [] : [[fault, `/etc/pam.d/x${line === 0 ? '' : `:${line}`}`]],
    );
  });

  it('in mode=exec needs a command that the server may run', () => {
    const line = 'required pam_pgtoken.so mode=exec';
    const text = `auth ${line}\naccount ${line}\n`;
    const helper = (file: FakeFile): readonly Finding[] =>
      check(text, { '/usr/bin/pgtoken': file });
    expect(helper({ mode: 0o755 })).toMatchObject([
      { level: 'ok', message: 'auth and account by pam_pgtoken.so, which runs /usr/bin/pgtoken' },
    ]);
    expect(helper({ mode: 0o750 })).toMatchObject([
      {
        fault: 'service-helper',
        message: 'user postgres may not run helper=/usr/bin/pgtoken: mode 0750 of /usr/bin/pgtoken',
        hint: 'Run:\n  chmod a+rx /usr/bin/pgtoken',
      },
    ]);
    expect(helper({ kind: 'folder' })).toMatchObject([
      { fault: 'service-helper', message: 'helper=/usr/bin/pgtoken: expected a file' },
    ]);
  });
});
