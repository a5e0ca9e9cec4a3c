// As many clients as the daemon takes, each with a token as long as a configuration may permit, while the issuer accepts and
// never answers: they are refused, and the daemon, whose memory is small, is still there.
import { createServer } from 'node:net';
import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';

import { expect, it } from 'vitest';

import { askDaemon } from '../support/ask-daemon.ts';
import { startServer } from '../support/listen.ts';
import { startDaemonProcess } from '../support/start-daemon-process.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { writeIssuersYAML } from '../support/write-issuers-yaml.ts';
import { encode } from '../vectors/tokens/mint.ts';

const CLIENTS = 500;
const MAX_BYTES = 65_535;

/** Different each time, and with as many claims as are read. */
function longToken(n: number): string {
  const list = Array.from({ length: 1900 }, (_, index) => `${n}-${index}`.padEnd(20, 'x'));
  const claims = { iss: 'https://a.example.com', sub: 'x', aud: 'p', exp: 4_102_444_800, list };
  return [
    encode(JSON.stringify({ alg: 'RS256', kid: 'k' })),
    encode(JSON.stringify(claims)),
    encode(Buffer.alloc(256)),
  ].join('.');
}

it('many long tokens that wait for a hanging issuer are refused, and the daemon goes on', async () => {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await createTemporaryFolder('waiting'));
  const { port } = stack.use(
    await startServer(createServer((socket) => socket.on('error', () => undefined).resume())),
  );
  const config = join(folder.path, 'issuers.yaml');
  await writeFile(
    config,
    writeIssuersYAML([
      {
        name: 'a',
        issuer: { url: 'https://a.example.com', audiences: ['p'] },
        keys: { jwksURI: `https://127.0.0.1:${port}/keys` },
        http: { timeout: '60s' },
        token: { maxBytes: MAX_BYTES },
        roles: [{ claim: 'sub' }],
      },
    ]),
    { mode: 0o644 },
  );
  const socket = join(folder.path, 'pgtoken.sock');
  const daemon = stack.use(
    startDaemonProcess({
      args: ['--config', config, '--socket', socket, '--cache-dir', join(folder.path, 'cache')],
    }),
  );
  await daemon.waitForLine('ready');

  expect(longToken(CLIENTS).length).toBeGreaterThan(50_000);
  expect(longToken(CLIENTS).length).toBeLessThanOrEqual(MAX_BYTES);
  for (const round of [0, 1]) {
    const answers = await Promise.all(
      Array.from({ length: CLIENTS }, async (_, n) =>
        askDaemon(socket, { user: 'x', token: longToken(round * CLIENTS + n) }),
      ),
    );
    const codes = new Set(answers.map((answer) => answer.split(' ').slice(0, 2).join(' ')));
    expect([...codes].toSorted()).toEqual([
      'unavailable ERR_DEADLINE',
      'unavailable ERR_KEYS_UNAVAILABLE',
    ]);
  }
  expect(await askDaemon(socket, { user: 'x', token: 'no token' })).toMatch(
    /^denied ERR_NOT_A_TOKEN /,
  );
});
