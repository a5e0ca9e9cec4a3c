// Looking names up: as the C library does, with an end, and never at the expense of other names. What hangs here is a program
// in the place of getent, as a name server that keeps silent makes getent hang.
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { fetchKeySet } from '../../src/issuers/fetch-key-set.ts';
import { createLookUp, type LookUp, rememberLookUps } from '../../src/issuers/look-up.ts';
import { type AnswerServer, json, startAnswerServer } from '../support/answer-server.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../support/certificate-authority.ts';
import { poll } from '../support/poll.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { createMint } from '../vectors/tokens/mint.ts';
import { failed } from './failed.ts';

const stack = new AsyncDisposableStack();
const mint = await createMint();
let authority: CertificateAuthority;
let server: AnswerServer;
let folder: string;

beforeAll(async () => {
  authority = stack.use(await createCertificateAuthority());
  server = stack.use(await startAnswerServer(authority));
  server.answer(json(JSON.stringify({ keys: [mint.publicKey('cluster-es256')] })));
  folder = stack.use(await createTemporaryFolder('look-up')).path;
});

afterAll(async () => {
  await stack.disposeAsync();
});

/** A program in the place of getent. */
async function place(name: string, script: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

const never = (): AbortSignal => AbortSignal.timeout(20_000);
const soon = (): AbortSignal => AbortSignal.timeout(200);

/** The processes that have this word in their command line. */
async function countProcesses(word: string): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map(async (pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.filter((line) => line.includes(word)).length;
}

describe('a name', () => {
  it('is looked up as everything else on this host does', async () => {
    const addresses = await createLookUp()('localhost', never());
    expect(addresses.map(({ address }) => address)).toContain('127.0.0.1');
  });

  it('has its addresses once each, in the order in which the C library has them', async () => {
    const program = await place(
      'several',
      `cat <<END
2001:db8::1     STREAM host.example.com
2001:db8::1     DGRAM
fe80::1%lo      STREAM
192.0.2.7       STREAM
192.0.2.7       RAW
192.0.2.1       STREAM
hello
END`,
    );
    expect(await createLookUp(program)('host.example.com', never())).toEqual([
      { address: '2001:db8::1', family: 6 },
      { address: 'fe80::1%lo', family: 6 },
      { address: '192.0.2.7', family: 4 },
      { address: '192.0.2.1', family: 4 },
    ]);
  });

  it.each([
    ['is not found', 'exit 2'],
    ['has no address', 'exit 0'],
    ['has something that is no address', 'echo hello'],
  ])('that %s cannot be resolved', async (what, script) => {
    const program = await place(what.replaceAll(' ', '-'), script);
    await expect(createLookUp(program)('host.example.com', never())).rejects.toMatchObject({
      code: 'ENOTFOUND',
    });
  });

  it.each(['-s', '--help', '-host.example.com', '', '.', 'a b', 'a/b', 'a\nb', 'a;b', 'é'])(
    'that is none is asked of nobody: %j',
    async (name) => {
      const program = await place('asked', `echo "$@" >>${join(folder, 'asked.log')}`);
      await expect(createLookUp(program)(name, never())).rejects.toMatchObject({
        code: 'ENOTFOUND',
      });
      await expect(readFile(join(folder, 'asked.log'))).rejects.toMatchObject({ code: 'ENOENT' });
    },
  );

  it.each([
    ['ends with another status', 'exit 3', { code: 3 }],
    ['is killed', 'kill -9 $$', { signal: 'SIGKILL' }],
    ['prints without an end', 'yes', { code: 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER' }],
  ])('is not found when the program %s', async (what, script, error) => {
    const program = await place(what.replaceAll(' ', '-'), script);
    await expect(createLookUp(program)('host.example.com', never())).rejects.toMatchObject(error);
  });

  it('is looked up in this process where there is no such program', async () => {
    const lookUp = createLookUp(join(folder, 'none'));
    const addresses = await lookUp('localhost', never());
    expect(addresses.map(({ address }) => address)).toContain('127.0.0.1');
    await expect(lookUp('issuer.invalid', never())).rejects.toThrow(/EAI_AGAIN|ENOTFOUND/);
    await expect(lookUp('localhost', AbortSignal.abort())).rejects.toThrow('aborted');
  });

  it('is looked up once for all requests of a retrieval', async () => {
    const asked: string[] = [];
    const lookUp = rememberLookUps(async (name) => {
      asked.push(name);
      return [{ address: '127.0.0.1', family: 4 }];
    });
    await Promise.all([lookUp('a', never()), lookUp('b', never()), lookUp('a', never())]);
    expect(asked).toEqual(['a', 'b']);
  });
});

describe('a name that hangs', () => {
  const RELEASE = (): string => join(folder, 'release');
  const WORD = `hangs-${process.pid}.example.com`;

  /** Looks up what begins with this word without an end, and everything else as usual. */
  async function lookUpHanging(): Promise<LookUp> {
    const program = await place(
      'hanging',
      `case $2 in *${WORD}) until [ -e '${RELEASE()}' ]; do sleep 0.1; done ;; esac\nexec /usr/bin/getent "$@"`,
    );
    return createLookUp(program);
  }

  const fetchFrom = async (host: string, timeout: number, lookUp: LookUp) =>
    fetchKeySet(
      { kind: 'jwks', jwksURI: `https://${host}:${new URL(server.origin).port}/keys` },
      { certificateAuthority: authority.certificate, timeout, lookUp },
    );

  it('is not waited for longer than the retrieval may take, and leaves no process', async () => {
    const result = await fetchFrom(WORD, 0.2, await lookUpHanging());
    expect(result).toEqual(
      failed(
        `https://${WORD}:${new URL(server.origin).port}/keys: no answer in time (http.timeout)`,
      ),
    );
    await poll('the end of the look-up', async () => (await countProcesses(WORD)) === 0);
  });

  it('is no name of somebody else, when it is given up', async () => {
    const lookUp = await lookUpHanging();
    await expect(lookUp(WORD, soon())).rejects.toThrow('aborted');
    expect(await lookUp('localhost', never())).not.toEqual([]);
  });

  it('does not delay other names, however many hang at once', async () => {
    const lookUp = await lookUpHanging();
    const ended: string[] = [];
    // More than there are threads that look names up, in any configuration of the daemon.
    const hanging = Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        await fetchFrom(`${n}.${WORD}`, 60, lookUp);
        ended.push('hanging');
      }),
    );
    await poll('40 look-ups', async () => (await countProcesses(WORD)) >= 40);
    expect(await fetchFrom('localhost', 20, lookUp)).toMatchObject({ kind: 'keys' });
    // Whatever else uses the threads of this process goes on too.
    await readFile(import.meta.filename);
    expect(ended).toEqual([]);
    await writeFile(RELEASE(), '');
    await hanging;
    expect(ended).toHaveLength(40);
  });
});
