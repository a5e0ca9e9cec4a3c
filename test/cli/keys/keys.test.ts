// `pgtoken keys`: what it shows of pinned keys, of keys on disk and of none, for people and for scripts.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { loadPolicy } from '../../../src/policy/load-policy.ts';
import { remoteKeysOf } from '../../../src/issuer-keys/remote-keys.ts';
import { NO_ISSUER } from '../../../src/config/checks/no-issuer.ts';
import { createDiskKeyCache } from '../../../src/keys/disk-key-cache.ts';
import type { KeyRecord } from '../../../src/keys/key-record.ts';
import type { KeySet } from '../../../src/keys/formats/parse-key-set.ts';
import { runPgtoken } from '../../support/run-pgtoken.ts';
import type { RunResult } from '../../support/run.ts';
import { createSigningKey } from '../../support/signing-key.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { writeIssuersYAML } from '../../support/write-issuers-yaml.ts';

const now = Math.floor(Date.now() / 1000);

let folder: TemporaryFolder;
const inside = (path: string): string => join(folder.path, path);

beforeEach(async () => {
  folder = await createTemporaryFolder('keys');
  await mkdir(inside('cache'));
  await chmod(inside('cache'), 0o755);
});

afterEach(async () => {
  await folder.remove();
});

async function write(name: string, text: string): Promise<void> {
  await writeFile(inside(name), text);
  await chmod(inside(name), 0o644);
}

async function configure(
  entries: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): Promise<void> {
  const issuers = Object.entries(entries).map(([name, more]) => ({
    name,
    issuer: { url: `https://${name}.example.com`, audiences: ['postgres'] },
    roles: [{ claim: 'sub' }],
    ...more,
  }));
  await write('issuers.yaml', writeIssuersYAML(issuers));
}

/** Puts on disk what the daemon would have. */
async function remember(name: string, record: Omit<KeyRecord, 'source'>): Promise<void> {
  const loaded = await loadPolicy(inside('issuers.yaml'));
  const issuer = loaded.ok ? loaded.policy.issuers.find((entry) => entry.name === name) : undefined;
  if (issuer?.keySource.kind !== 'remote') throw new Error(`no entry ${name} with remote keys`);
  const { source } = remoteKeysOf(issuer, issuer.keySource).owner;
  createDiskKeyCache({ folder: inside('cache') }).write(name, { ...record, source });
}

async function keySet(...kids: readonly string[]): Promise<KeySet> {
  const keys = await Promise.all(kids.map(async (kid) => createSigningKey('ES256', kid)));
  return { keys: keys.map((key) => key.publicJWK) };
}

const keysCommand = async (...more: readonly string[]): Promise<RunResult> =>
  runPgtoken([
    'keys',
    `--config=${inside('issuers.yaml')}`,
    `--cache-dir=${inside('cache')}`,
    ...more,
  ]);

describe('shows', () => {
  it('pinned keys with their algorithms, also one without kid', async () => {
    const rsa = await createSigningKey('RS256', 'rsa');
    const { kid: _kid, alg: _alg, ...nameless } = rsa.publicJWK;
    await write('keys.json', JSON.stringify({ keys: [rsa.publicJWK, nameless] }));
    await configure({ prod: { keys: { jwksFile: 'keys.json' } } });
    expect(await keysCommand()).toMatchObject({
      status: 0,
      stdout:
        'prod: 2 keys, pinned\n  rsa  RS256\n  (no kid)  RS256 RS384 RS512 PS256 PS384 PS512\n',
      stderr: '',
    });
    expect(JSON.parse((await keysCommand('--json')).stdout)).toEqual([
      {
        issuer: 'prod',
        pinned: true,
        keys: [
          { kid: 'rsa', algorithms: ['RS256'] },
          { kid: null, algorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] },
        ],
        fetchedAt: null,
        nextRefreshAt: null,
        lastError: null,
        notUsed: null,
      },
    ]);
  });

  it('what an issuer chose in printable ASCII', async () => {
    await configure({ prod: {} });
    const chosen = '\u{1b}[2J\u{9b}31m\u{202e}';
    await remember('prod', {
      fetchedAt: now - 7260,
      attemptedAt: now - 7260,
      lastError: chosen,
      keySet: await keySet(chosen),
    });
    expect((await keysCommand()).stdout).toBe(
      'prod: 1 key, retrieved 2 h ago\n  last attempt failed: ?[2J?31m?\n  ?[2J?31m?  ES256\n',
    );
    const { stdout } = await keysCommand('--json');
    expect(stdout).toMatch(/^[\n\x20-\x7e]+$/);
    expect(JSON.parse(stdout)).toMatchObject([{ lastError: chosen, keys: [{ kid: chosen }] }]);
  });

  it('keys on disk with their age and the next refresh', async () => {
    await configure({ prod: {} });
    await remember('prod', {
      fetchedAt: now - 7260,
      attemptedAt: now - 7260,
      nextRefreshAt: now + 86_400 * 3,
      keySet: await keySet('one', 'two'),
    });
    expect(await keysCommand()).toMatchObject({
      status: 0,
      stdout: 'prod: 2 keys, retrieved 2 h ago, next refresh in 3 d\n  one  ES256\n  two  ES256\n',
      stderr: '',
    });
    expect(JSON.parse((await keysCommand('--json')).stdout)).toEqual([
      {
        issuer: 'prod',
        pinned: false,
        keys: [
          { kid: 'one', algorithms: ['ES256'] },
          { kid: 'two', algorithms: ['ES256'] },
        ],
        fetchedAt: now - 7260,
        nextRefreshAt: now + 86_400 * 3,
        lastError: null,
        notUsed: null,
      },
    ]);
  });

  it('a refresh that was due', async () => {
    await configure({ prod: {} });
    const due = { fetchedAt: now - 7200, attemptedAt: now - 7200, nextRefreshAt: now - 3600 * 4 };
    await remember('prod', { ...due, keySet: await keySet('one') });
    expect((await keysCommand()).stdout).toBe(
      'prod: 1 key, retrieved 2 h ago, next refresh was due 4 h ago\n  one  ES256\n',
    );
  });

  it('what went wrong last, and nothing of a refresh then: it is tried again and again', async () => {
    await configure({ prod: {} });
    await remember('prod', {
      fetchedAt: now - 3600 * 6,
      attemptedAt: now - 3600 * 5,
      nextRefreshAt: now - 3600 * 4,
      lastError: 'https://prod.example.com/keys: connection refused',
      keySet: await keySet('one'),
    });
    expect(await keysCommand()).toMatchObject({
      status: 0,
      stdout:
        'prod: 1 key, retrieved 6 h ago\n  last attempt failed: https://prod.example.com/keys: connection refused\n  one  ES256\n',
    });
    expect(JSON.parse((await keysCommand('--json')).stdout)).toMatchObject([
      { lastError: 'https://prod.example.com/keys: connection refused', nextRefreshAt: null },
    ]);
  });

  it.each<readonly [limits: object, more: Partial<KeyRecord>, told: string, notUsed: string]>([
    [
      { maxStale: '3h' },
      { fetchedAt: now - 3600 * 5 },
      ', retrieved 5 h ago, not used any more: cache.maxStale is 3 h',
      'cache.maxStale is 3 h',
    ],
    [
      { maxStaleUnauthorized: '3h' },
      { fetchedAt: now - 3600 * 5, unauthorized: true },
      ', retrieved 5 h ago, not used any more: cache.maxStaleUnauthorized is 3 h',
      'cache.maxStaleUnauthorized is 3 h',
    ],
    [
      {},
      { fetchedAt: now + 3600 * 5 },
      ', not used any more: they are from the future, as if the clock had been set back',
      'they are from the future, as if the clock had been set back',
    ],
  ])('keys that logins are refused with, with status 1: %j', async (cache, more, told, notUsed) => {
    await configure({ prod: { cache } });
    const lastError = 'https://prod.example.com/keys: answered 401';
    const record = { fetchedAt: now, attemptedAt: now - 3600, lastError, ...more };
    await remember('prod', { ...record, keySet: await keySet('one') });
    expect(await keysCommand()).toMatchObject({
      status: 1,
      stdout: `prod: 1 key${told}\n  last attempt failed: ${lastError}\n  one  ES256\n`,
    });
    const result = await keysCommand('--json');
    expect(result.status).toBe(1);
    expect(JSON.parse(result.stdout)).toMatchObject([{ notUsed, keys: [{ kid: 'one' }] }]);
  });

  it('that an issuer has none, with status 1, and the others all the same', async () => {
    await configure({ down: {}, prod: {} });
    await remember('prod', {
      fetchedAt: now - 7200,
      attemptedAt: now - 7200,
      keySet: await keySet('one'),
    });
    expect(await keysCommand()).toMatchObject({
      status: 1,
      stdout: `down: 0 keys, none kept in ${inside('cache')}\n  HINT: The daemon writes them there once it has them. See systemctl status pgtoken; pgtoken doctor asks the issuer.\n\nprod: 1 key, retrieved 2 h ago\n  one  ES256\n`,
      stderr: '',
    });
    expect(await keysCommand('--json')).toMatchObject({ status: 1 });
  });

  it('nothing that was retrieved from elsewhere than the file says now', async () => {
    await configure({ prod: {} });
    await remember('prod', { fetchedAt: now, attemptedAt: now, keySet: await keySet('old') });
    await configure({ prod: { keys: { jwksURI: 'https://elsewhere.example.com/keys' } } });
    expect(await keysCommand()).toMatchObject({
      status: 1,
      stdout: `prod: 0 keys, none kept in ${inside('cache')}\n  HINT: The daemon writes them there once it has them. See systemctl status pgtoken; pgtoken doctor asks the issuer.\n`,
    });
  });

  it('that there is no issuer', async () => {
    await write('issuers.yaml', 'apiVersion: pgtoken/v1\nissuers: []\n');
    const stdout = `${inside('issuers.yaml')}: ${NO_ISSUER.message}\n  HINT: ${NO_ISSUER.hint}\n`;
    expect(await keysCommand()).toMatchObject({ status: 1, stdout, stderr: '' });
    expect(await keysCommand('--json')).toMatchObject({ status: 1, stdout: '[]\n', stderr: '' });
  });

  it('nothing that another user could have written', async () => {
    await configure({ prod: {} });
    await remember('prod', { fetchedAt: now, attemptedAt: now, keySet: await keySet('one') });
    await chmod(inside('cache/prod.json'), 0o666);
    expect(await keysCommand()).toMatchObject({ status: 1 });
  });

  it('a kid without anything that a terminal would obey', async () => {
    await configure({ prod: {} });
    await remember('prod', {
      fetchedAt: now - 7200,
      attemptedAt: now - 7200,
      lastError: 'bad\u{1b}[31m',
      keySet: await keySet('evil\u{1b}[2J\nprod: 9 keys'),
    });
    const { stdout } = await keysCommand();
    expect(stdout).toBe(
      'prod: 1 key, retrieved 2 h ago\n  last attempt failed: bad?[31m\n  evil?[2J?prod: 9 keys  ES256\n',
    );
  });
});

describe('exits 2', () => {
  it('for a file that cannot be used, with its problems', async () => {
    await write('issuers.yaml', 'apiVersion: pgtoken/v1\nissuers: {}\n');
    const result = await keysCommand();
    expect(result).toMatchObject({ status: 2, stdout: '' });
    expect(result.stderr).toMatch(/issuers\.yaml:2:1: issuers: .*expected a list of issuers/);
    expect(result.stderr).toContain('1 problem');
  });

  it('for a file that is not there', async () => {
    const result = await keysCommand();
    expect(result).toMatchObject({ status: 2, stdout: '' });
    expect(result.stderr).toContain('no such file');
  });
});
