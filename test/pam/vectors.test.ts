// The module's side of docs/understand/protocol.md against the vectors that the daemon is tested with too.
import type { Socket } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  build,
  denied,
  fakeDaemon,
  granted,
  login,
  logins,
  sanitized,
  shipped,
  step,
  unavailable,
} from './support.ts';
import { bytesOf, replyVectors, requestVectors, valueOf } from './vectors.ts';

beforeAll(build);

/** Answers as a daemon does that knows one version of the protocol: to any other with ERR_PROTOCOL. */
const knowing = (version: Buffer) => ({
  request: (socket: Socket, request: Buffer) => {
    const known = request.subarray(0, version.length).equals(version);
    socket.end(known ? 'granted\0' : 'unavailable ERR_PROTOCOL another version\0');
  },
});

describe.concurrent.each([shipped, sanitized])('$name', (using) => {
  test.each(requestVectors)('sends exactly the bytes of: $name', async (vector) => {
    const bytes = bytesOf(vector.bytes);
    // One that knows the version of the vector alone.
    const daemon = await fakeDaemon(knowing(bytes.subarray(0, bytes.indexOf(0) + 1)));
    const result = await login(using, [`socket=${daemon.path}`], {
      service: valueOf(vector.service).toString(),
      user: valueOf(vector.user),
      token: valueOf(vector.token),
      before: [step('pid', vector.pid ?? 4711)],
      ...(vector.rhost === undefined ? {} : { rhost: valueOf(vector.rhost) }),
    });
    expect(result).toMatchObject(granted);
    expect(daemon.requests.at(-1)).toEqual(bytes);
    expect(daemon.requests).toHaveLength(vector.pid === undefined ? 2 : 1);
  });

  test.each(replyVectors)(
    'reads as $outcome, in one piece and byte by byte: $name',
    async (vector) => {
      const bytes = bytesOf(vector.bytes);
      const daemon = await fakeDaemon({
        request: (socket, _, count) => {
          if (count === 1) {
            socket.end(bytes);
            return;
          }
          for (const byte of bytes.subarray(0, 600)) socket.write(Buffer.of(byte));
          socket.end(bytes.subarray(600));
        },
      });
      const results = await logins(using, [`socket=${daemon.path}`], { count: 2 });
      const refused = {
        denied: denied(`denied ${vector.code} ${vector.message}`),
        unavailable: unavailable(`unavailable ${vector.code} ${vector.message}`),
        garbled: unavailable(
          `unavailable ERR_PROTOCOL garbled reply from the daemon at ${daemon.path}`,
        ),
      };
      const { code, messages, log } =
        vector.outcome === 'granted' ? granted : refused[vector.outcome];
      // PAM_ERROR_MSG has the same limit as a reply, so that the prefix may cost a long one its end.
      const cut = messages.map(({ style, text }) => ({ style, text: text.slice(0, 511) }));
      expect(results).toMatchObject([
        { code, messages: cut, log },
        { code, messages: cut, log },
      ]);
    },
  );
});
