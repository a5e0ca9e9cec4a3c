// The daemon's request decoder: any bytes, in any pieces, give what docs/understand/protocol.md says and nothing else.
import {
  createRequestParser,
  MAX_REQUEST_BYTES,
  type ParsedRequest,
} from '../../../src/protocol/parse-request.ts';
import { bytesOfVector, requestVectors } from '../../support/request-vectors.ts';
import { demand, type FuzzTarget, openNothing } from '../fuzz-target.ts';
import type { Random } from '../random.ts';

/** A request of each version as docs/understand/protocol.md writes it, one character for each byte. */
const REQUESTS = [
  // oxlint-disable-next-line no-control-regex -- NUL is what the protocol is made of
  /^pgtoken\/1\0PAM_SERVICE=(?<service>[^\0]+)\0PAM_USER=(?<user>[^\0]+)\0(?:PAM_RHOST=(?<rhost>[^\0]*)\0)?\0(?<token>[^\0]*)\0$/s,
  // oxlint-disable-next-line no-control-regex
  /^pgtoken\/3\0PAM_SERVICE=(?<service>[^\0]+)\0PAM_USER=(?<user>[^\0]+)\0PID=(?<pid>[1-9][0-9]{0,9})\0DATABASE=(?<database>[^\0]*)\0TRANSPORT=(?<transport>tls|gss|unix|plain)\0(?:PAM_RHOST=(?<rhost>[^\0]*)\0)?\0(?<token>[^\0]*)\0$/s,
  // oxlint-disable-next-line no-control-regex
  /^pgtoken\/2\0PAM_SERVICE=(?<service>[^\0]+)\0PAM_USER=(?<user>[^\0]+)\0PID=(?<pid>[1-9][0-9]{0,9})\0(?:PAM_RHOST=(?<rhost>[^\0]*)\0)?\0(?<token>[^\0]*)\0$/s,
];
const MAX_PID = 2 ** 31 - 1;

export const request: FuzzTarget = {
  name: 'request',
  seeds: async () => {
    const { valid, invalid, incomplete } = requestVectors;
    const long = Buffer.from(`pgtoken/2\0PAM_SERVICE=${'x'.repeat(MAX_REQUEST_BYTES)}`);
    return [...[...valid, ...invalid, ...incomplete].map(bytesOfVector), long];
  },
  maxBytes: MAX_REQUEST_BYTES + 1000,
  open: openNothing((input, random) => {
    const whole = createRequestParser().push(input);
    checkWhole(input, whole);
    checkPieces(input, random);
  }),
};

function checkWhole(input: Buffer, parsed: ParsedRequest): void {
  if (input.length > MAX_REQUEST_BYTES) {
    demand(parsed !== undefined && 'problem' in parsed, 'a request over the limit is refused');
    return;
  }
  const text = input.toString('latin1');
  const groups = REQUESTS.map((form) => form.exec(text)?.groups).find((found) => found);
  const { service, user, pid, database, transport, rhost, token } = groups ?? {};
  const isOne = token !== undefined && (pid === undefined || Number(pid) <= MAX_PID);
  const isRequest = parsed !== undefined && !('problem' in parsed);
  demand(isRequest === isOne, 'what is read as a request is one, and the reverse');
  if (isRequest) {
    demand(parsed.service === decode(service), 'the service is the one that was sent');
    demand(parsed.user === decode(user), 'the user is the one that was sent');
    demand(parsed.rhost === (rhost && decode(rhost)), 'the rhost is the one that was sent');
    demand(parsed.pid === (pid && Number(pid)), 'the process is the one that was sent');
    demand(
      parsed.database === (database === undefined ? undefined : decode(database)),
      'the database is the one that was sent',
    );
    demand(parsed.transport === transport, 'the transport is the one that was sent');
    demand(
      parsed.via === (transport === undefined ? 'pam' : 'oauth'),
      'who asks is told by the version',
    );
    demand(parsed.token === token, 'the token is the one that was sent');
  } else if (parsed !== undefined) {
    demand(/^[\x20-\x7e]{1,200}$/.test(parsed.problem), 'a problem is told in printable ASCII');
  }
}

/** However it is split, the answer comes with the first piece that suffices, and is that of all the pieces so far. */
function checkPieces(input: Buffer, random: Random): void {
  const parser = createRequestParser();
  let end = 0;
  while (end < input.length) {
    const length = random.chance(3) ? 1 + random.below(input.length) : 1 + random.below(20);
    const piece = input.subarray(end, end + length);
    end += piece.length;
    // A copy, as what a socket gives is used again.
    const parsed = parser.push(Buffer.from(piece));
    const whole = createRequestParser().push(Buffer.from(input.subarray(0, end)));
    demand(isSame(parsed, whole), `the first ${end} bytes in pieces are the same as in one`);
    if (parsed !== undefined) return;
    // What is long is not read again from its start for each of thousands of pieces.
    if (end > 5000) break;
  }
}

function isSame(a: ParsedRequest, b: ParsedRequest): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function decode(latin1 = ''): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
