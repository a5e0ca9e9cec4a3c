// Tokens from a program: what it prints, how it fails, and that it never outlives its deadline.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { createExecSource } from '../../../src/client/sources/exec-source.ts';
import { readExecOutput } from '../../../src/client/sources/exec-output.ts';
import { poll } from '../../support/poll.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { makeToken } from '../make-token.ts';
import { reasonOf } from '../reason-of.ts';

const token = makeToken({ exp: 2_000_000_000 });

function sh(script: string, { deadline = 10, signal = new AbortController().signal } = {}) {
  const said: string[] = [];
  const source = createExecSource(['sh', '-c', script, 'sh', token], {
    deadline,
    env: { PATH: process.env['PATH'] },
    onError: (line) => said.push(line),
  });
  return { said, result: source.get(signal), name: source.name };
}

describe('a program', () => {
  it('prints a token', async () => {
    expect(await sh('printf "%s\\n" "$1"').result).toMatchObject({
      ok: true,
      token: { text: token },
    });
  });

  it('prints an ExecCredential, for which it is asked as by kubectl', async () => {
    const { result, name } = sh(
      `printf '%s' "$KUBERNETES_EXEC_INFO" | grep -q '"interactive":false' && printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s","expirationTimestamp":"2030-01-01T00:00:00Z"}}' "$1"`,
    );
    expect(await result).toMatchObject({ ok: true, token: { text: token } });
    expect(name).toBe('program sh');
  });

  it('is not read by a shell', async () => {
    const source = createExecSource(['echo', '$(exit 1); "quoted" *'], {
      deadline: 10,
      env: { PATH: process.env['PATH'] },
      onError: () => undefined,
    });
    expect(reasonOf(await source.get(new AbortController().signal))).toContain('it is not a JWT');
  });

  it.each<readonly [what: string, script: string, reason: string]>([
    [
      'rubbish',
      'echo rubbish',
      'it is not a JWT; expected three parts in base64url that start with "ey"',
    ],
    ['nothing', 'true', 'it is empty; expected a token (JWT)'],
    [
      'a token with a line break in it',
      'printf "%s" "$1" | fold -w 64',
      'byte 64 of the token is none of base64url',
    ],
    ['more than any token has', 'head -c 300000 /dev/zero', 'it has written over 262144 bytes'],
    ['a token, and fails', 'echo "$1"; exit 3', 'it ended with status 3'],
    ['nothing, and is killed', 'kill -9 $$', 'it was ended by SIGKILL'],
  ])('that prints %s gives none', async (_what, script, reason) => {
    expect(await sh(script).result).toMatchObject({ ok: false, reason });
  });

  it('that fails is to be run by hand', async () => {
    expect(await sh('exit 3').result).toMatchObject({
      hint: 'Run sh by hand as this user; the log has what it says.',
    });
  });

  it('that does not exist gives none', async () => {
    const source = createExecSource(['/nonexistent/program'], {
      deadline: 1,
      env: {},
      onError: () => undefined,
    });
    expect(await source.get(new AbortController().signal)).toMatchObject({
      reason: 'there is no such program',
      hint: 'Give its whole path, or have its folder in PATH of this user.',
    });
  });

  it('is killed at its deadline with all that it has started', async () => {
    await using folder = await createTemporaryFolder('exec');
    const file = join(folder.path, 'pid');
    const started = performance.now();
    const { result } = sh(`sleep 60 & echo $! > '${file}'; sleep 60`, { deadline: 0.5 });
    expect(await result).toMatchObject({ reason: 'it did not end within 0.5 s, and was killed' });
    expect(performance.now() - started).toBeLessThan(5000);
    const pid = (await readFile(file, 'utf8')).trim();
    await poll('the end of its child', async () =>
      readFile(`/proc/${pid}/stat`, 'utf8').then(
        (stat) => / Z /.test(stat) || undefined,
        () => true,
      ),
    );
  });

  it('is not waited for when what it has left running holds its output open', async () => {
    const { result } = sh('sleep 60 & echo "$1"');
    expect(await result).toMatchObject({ ok: true });
  });

  it('is killed when this process ends', async () => {
    const ending = new AbortController();
    const { result } = sh('sleep 60', { signal: ending.signal });
    setTimeout(() => ending.abort(), 50);
    expect(await result).toMatchObject({ reason: 'it was killed, as this process ends' });
  });

  it('is heard on standard error, without tokens', async () => {
    const { result, said } = sh(
      'echo "logging in" >&2; echo "got $1 for you" >&2; printf last >&2; echo "$1"',
    );
    expect(await result).toMatchObject({ ok: true });
    expect(said).toEqual(['logging in', 'got (a token) for you', 'last']);
  });
});

describe('an ExecCredential', () => {
  const good = {
    apiVersion: 'client.authentication.k8s.io/v1beta1',
    kind: 'ExecCredential',
    status: { token },
  };

  it.each<readonly [what: string, document: unknown, reason: string]>([
    ['of v1beta1', good, 'a token'],
    [
      'of v1alpha1',
      { ...good, apiVersion: 'client.authentication.k8s.io/v1alpha1' },
      'apiVersion "client.authentication.k8s.io/v1alpha1"',
    ],
    ['of another kind', { ...good, kind: 'Secret' }, 'it printed JSON of kind "Secret"'],
    [
      'with a certificate',
      { ...good, status: { clientCertificateData: 'x' } },
      'without status.token',
    ],
    [
      'with a token that is no JWT',
      { ...good, status: { token: 'k8s-aws-v1.abc' } },
      'it is not a JWT',
    ],
    [
      'which is the answer of a token endpoint instead',
      { access_token: token },
      'it printed JSON of kind none, apiVersion none',
    ],
  ])('%s', (_what, document, reason) => {
    expect(reasonOf(readExecOutput(`${JSON.stringify(document)}\n`))).toContain(reason);
  });

  it('that is cut is said to be', () => {
    expect(readExecOutput('{"kind":')).toMatchObject({
      reason: 'it printed JSON that cannot be read: not valid JSON',
    });
  });
});
