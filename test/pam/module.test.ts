// The built module as a file: what it exports, needs and is hardened with; and what it never says.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import {
  acct,
  build,
  fakeDaemon,
  loginSteps,
  pam,
  replying,
  sanitized,
  shipped,
  stack,
  step,
  temporaryFolder,
  type Services,
} from './support.ts';

beforeAll(build);

function readelf(...args: string[]): string {
  return execFileSync('readelf', ['--wide', ...args, shipped.module], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
}

function exported(): string[] {
  return execFileSync('nm', ['--dynamic', '--defined-only', shipped.module], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.split(' ').at(-1) ?? '')
    .toSorted();
}

test('exports the three entry points and nothing else', () => {
  expect(exported()).toEqual(['pam_sm_acct_mgmt', 'pam_sm_authenticate', 'pam_sm_setcred']);
});

test.each(['pam_sm_chauthtok', 'pam_sm_open_session', 'pam_sm_close_session'])(
  'has no %s',
  (name) => {
    expect(readelf('--symbols')).not.toContain(name);
  },
);

test('needs libpam and libc only', () => {
  const needed = [...readelf('--dynamic').matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(
    (match) => match[1],
  );
  expect(needed).toEqual(['libpam.so.0', 'libc.so.6']);
});

test('carries no search path for libraries', () => {
  expect(readelf('--dynamic')).not.toMatch(/RPATH|RUNPATH/);
});

test('is bound at load, read-only after it, and has no executable stack', () => {
  expect(readelf('--dynamic')).toMatch(/\(FLAGS\)\s+BIND_NOW/);
  expect(readelf('--segments')).toContain('GNU_RELRO');
  expect(readelf('--segments')).toMatch(/GNU_STACK.* RW +0x/);
  expect(readelf('--dynamic')).not.toContain('TEXTREL');
});

test('has stack protectors and checked string functions', () => {
  const symbols = readelf('--dyn-syms');
  expect(symbols).toContain('__stack_chk_fail');
  expect(symbols).toContain('__snprintf_chk');
});

test('has no writable data of its own', () => {
  const sections = readelf('--sections');
  const size = (name: string): number =>
    Number.parseInt(
      new RegExp(`\\s\\${name}\\s+\\w+\\s+\\w+ \\w+ (\\w+)`).exec(sections)?.[1] ?? '0',
      16,
    );
  expect(size('.text')).toBeGreaterThan(1000); // the expression finds sections
  // The C runtime's own eight bytes are in each.
  expect(size('.data')).toBeLessThanOrEqual(8);
  expect(size('.bss')).toBeLessThanOrEqual(8);
});

test('loads nothing and starts no thread by itself', () => {
  expect(readelf('--dyn-syms')).not.toMatch(
    /dlopen|dlsym|pthread_create|setlocale|sigaction|umask|chdir$/m,
  );
});

const exec = (helper: string): string[] => stack(['mode=exec', `helper=${helper}`, 'debug']);

// The token is made of a word of which no two letters are in a reason or in the random name of a temporary folder (letters
// and digits), so that even a piece of it would be found.
test.each([shipped, sanitized])(
  'no line for syslog or the application has a piece of a token: $name',
  async (using) => {
    const piece = 'Q_z_7_X';
    const token = `eyJ${piece}.eyJ${piece}.${piece}`;
    const daemons = await Promise.all(
      [
        'granted\0',
        'denied ERR_SIGNATURE_INVALID the signature is wrong\0',
        'unavailable ERR_INTERNAL x\0',
        token,
        '',
      ].map(async (reply) => fakeDaemon(replying(reply))),
    );
    const echo = join(temporaryFolder(), 'echo');
    writeFileSync(echo, '#!/bin/sh\ncat >&2\nexit 1\n', { mode: 0o755 });
    const services: Services = {
      broken: stack(['bogus']),
      absent: stack(['socket=/nonexistent/d.sock', 'debug']),
      echo: exec(echo),
      true: exec('/bin/true'),
      cat: exec('/bin/cat'),
      missing: exec('/nonexistent/helper'),
    };
    for (const [i, daemon] of daemons.entries())
      services[`daemon${i}`] = stack([`socket=${daemon.path}`, 'debug']);
    const piecesOfToken = /Q_|_z|z_|_7|7_|_X|eyJQ/;
    const tokens = [token, `${token}${piece.repeat(14_000)}`];
    const results = (
      await Promise.all(
        Object.keys(services).flatMap((service) =>
          tokens.map(async (text) =>
            pam(using, services, [...loginSteps({ service, token: text }), acct()]),
          ),
        ),
      )
    ).flat();
    const lines = results.flatMap(({ messages, log }) =>
      [...messages, ...log].map(({ text }) => text),
    );
    expect(lines.length).toBeGreaterThan(results.length);
    expect(lines.filter((line) => piecesOfToken.test(line))).toEqual([]);
  },
);

test('a step that the test application does not know fails the run', async () => {
  await expect(
    pam(shipped, { postgresql: [] }, [step('start', 'postgresql', 'foo'), 'nonsense']),
  ).rejects.toThrow('nonsense');
});
