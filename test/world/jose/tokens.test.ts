// The tokens of one library, decided by a daemon that has the library's own keys: each is granted, and refused when anything of it
// is another's.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import * as z from 'zod/mini';

import { type AnswerServer, startAnswerServer } from '../../support/answer-server.ts';
import { askDaemon } from '../../support/ask-daemon.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../support/certificate-authority.ts';
import { runChecked } from '../../support/run-checked.ts';
import { startDaemonProcess } from '../../support/start-daemon-process.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { writeIssuersYAML } from '../../support/write-issuers-yaml.ts';
import { LIBRARIES } from './libraries.ts';

const peer = inject('peer');
const library = LIBRARIES.find(({ name }) => name === peer.what)!;
const { algorithms, refused = [], kid } = library;
/** The words for its maker. */
const asked = [...algorithms, ...refused.map(({ algorithm }) => algorithm)];

const SUBJECT = 'shop-cart';
const AUDIENCE = 'postgres';
/** Milliseconds. Some need half a minute for an RSA key. */
const MAKER_LIMIT = 500_000;

const madeSchema = z.strictObject({ keys: z.string(), token: z.string() });
type Made = z.output<typeof madeSchema>;
/** Two keys of an algorithm, each with a token. */
interface Pair {
  readonly first: Made;
  readonly second: Made;
}

const stack = new AsyncDisposableStack();
let folder: TemporaryFolder;
let authority: CertificateAuthority;
let server: AnswerServer;
const made = new Map<string, Pair>();
/** The sockets of two daemons: the issuers of one publish the first key of each algorithm, those of the other both. */
let withFirst: string;
let withBoth: string;

beforeAll(async () => {
  folder = stack.use(await createTemporaryFolder('jose'));
  authority = stack.use(await createCertificateAuthority());
  server = stack.use(await startAnswerServer(authority));
  const output = await runChecked(
    peer.programs['make'] ?? '',
    [server.origin, AUDIENCE, SUBJECT, ...asked, ...asked],
    { hangLimit: MAKER_LIMIT },
  );
  const lines = output.trim().split('\n');
  const all = lines.map((line) => madeSchema.parse(JSON.parse(line)));
  for (const [index, alg] of asked.entries()) {
    made.set(alg, { first: all[index]!, second: all[index + asked.length]! });
  }
  server.answer((request, response) => {
    const [, set = '', alg = ''] = /^\/keys\/(first|both)\/([^/]+)$/.exec(request.url ?? '') ?? [];
    const pair = made.get(alg);
    response.writeHead(pair === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(pair === undefined ? '{}' : keysOf(pair, set === 'first' ? 'first' : 'both'));
  });
  withFirst = await startDaemon('first');
  withBoth = await startDaemon('both');
}, 2 * MAKER_LIMIT);
afterAll(async () => {
  await stack.disposeAsync();
});

it.each(algorithms)('a token is granted (%s)', async (alg) => {
  const { token } = pairOf(alg).first;
  expect(headerOf(token)).toMatchObject({ alg });
  expect(await decide(withFirst, token)).toBe('granted');
});

it.each(algorithms)(
  'a token with another subject is refused: ERR_SIGNATURE_INVALID (%s)',
  async (alg) => {
    const [header, claims, signature] = partsOf(pairOf(alg).first.token);
    const changed = encode({ ...decode(claims), sub: 'shop-till' });
    const reply = await decide(withFirst, [header, changed, signature].join('.'), 'shop-till');
    expect(reply).toMatch(/^denied ERR_SIGNATURE_INVALID /);
  },
);

it.each(algorithms)(
  'a token with one bit changed in its signature is refused: ERR_SIGNATURE_INVALID (%s)',
  async (alg) => {
    const [header, claims, signature] = partsOf(pairOf(alg).first.token);
    const bytes = Buffer.from(signature, 'base64url');
    bytes[bytes.length >> 1]! ^= 1;
    const reply = await decide(withFirst, [header, claims, bytes.toString('base64url')].join('.'));
    expect(reply).toMatch(/^denied ERR_SIGNATURE_INVALID /);
  },
);

it.each(refused)('a token $what is refused: $code ($algorithm)', async ({ algorithm, code }) => {
  const reply = await decide(withFirst, pairOf(algorithm).first.token);
  expect(reply).toMatch(new RegExp(`^denied ${code} `));
});

const [refusal, ofAnother] =
  kid === 'tokens'
    ? ['ERR_KEY_UNKNOWN', 'that names a key which is not published']
    : ['ERR_SIGNATURE_INVALID', 'that names no key, by one which is not published,'];
it.each(algorithms)(`a token ${ofAnother} is refused: ${refusal} (%s)`, async (alg) => {
  const { keys, token } = pairOf(alg).second;
  expect([Object.hasOwn(headerOf(token), 'kid'), keys.includes('"kid"')]).toEqual([
    kid === 'tokens',
    kid !== 'none',
  ]);
  expect(await decide(withFirst, token)).toMatch(new RegExp(`^denied ${refusal} `));
});

/** What the daemon says while two keys of an algorithm are published. */
const WHILE_TWO: Readonly<Record<typeof kid, readonly [string, (alg: string) => string]>> = {
  tokens: ['that names its key is granted', () => 'granted'],
  none: ['that names no key is granted where the keys have no kid either', () => 'granted'],
  keys: [
    'that names no key is refused where the keys have a kid: ERR_KEY_UNKNOWN',
    (alg) =>
      `denied ERR_KEY_UNKNOWN the token names no key (kid), and 2 keys of the issuer fit its alg ${alg}; expected a kid`,
  ],
};
const [whileTwo, expected] = WHILE_TWO[kid];
it.each(algorithms)(`while a second key is published a token ${whileTwo} (%s)`, async (alg) => {
  const { first, second } = pairOf(alg);
  expect(await decide(withBoth, first.token)).toBe(expected(alg));
  expect(await decide(withBoth, second.token)).toBe(expected(alg));
});

function pairOf(alg: string): Pair {
  return made.get(alg)!;
}

/** @returns `granted`, or the whole refusal. */
async function decide(socket: string, token: string, user = SUBJECT): Promise<string> {
  const reply = await askDaemon(socket, { user, token });
  return reply.startsWith('granted') ? 'granted' : reply;
}

async function startDaemon(published: 'first' | 'both'): Promise<string> {
  const issuers = [];
  for (const [alg, pair] of made) {
    const pem = join(folder.path, `${published}-${alg}.pem`);
    if (library.keys === 'PEM') await writeFile(pem, keysOf(pair, published));
    issuers.push({
      name: alg.toLowerCase(),
      issuer: {
        url: `${server.origin}/${alg}`,
        audiences: [AUDIENCE],
        ...(library.keys === 'PEM' ? {} : { certificateAuthority: authority.certificate }),
      },
      keys:
        library.keys === 'PEM'
          ? { publicKeysFile: pem }
          : { jwksURI: `${server.origin}/keys/${published}/${alg}` },
      ...(alg.startsWith('ML-DSA') ? { token: { algorithms: [alg] } } : {}),
      roles: [{ claim: 'sub' }],
    });
  }
  const config = join(folder.path, `${published}.yaml`);
  await writeFile(config, writeIssuersYAML(issuers), { mode: 0o644 });
  const socket = join(folder.path, `${published}.sock`);
  const daemon = stack.use(
    startDaemonProcess({
      args: [
        `--config=${config}`,
        `--socket=${socket}`,
        `--cache-dir=${join(folder.path, `${published}-cache`)}`,
      ],
    }),
  );
  await daemon.waitForLine('ready');
  return socket;
}

/** What the library publishes: its own text, or its own key sets put together. */
function keysOf({ first, second }: Pair, published: 'first' | 'both'): string {
  if (published === 'first') return first.keys;
  if (library.keys === 'PEM') return first.keys + second.keys;
  const sets = [first, second].map(({ keys }) => keySetSchema.parse(JSON.parse(keys)));
  return JSON.stringify({ keys: sets.flatMap(({ keys }) => keys) });
}
const keySetSchema = z.looseObject({ keys: z.array(z.unknown()).check(z.length(1)) });

function partsOf(token: string): [header: string, claims: string, signature: string] {
  const [header = '', claims = '', signature = ''] = token.split('.');
  return [header, claims, signature];
}

function headerOf(token: string): Record<string, unknown> {
  return decode(partsOf(token)[0]);
}

function decode(part: string): Record<string, unknown> {
  return z
    .record(z.string(), z.unknown())
    .parse(JSON.parse(Buffer.from(part, 'base64url').toString()));
}

function encode(claims: Readonly<Record<string, unknown>>): string {
  return Buffer.from(JSON.stringify(claims)).toString('base64url');
}
