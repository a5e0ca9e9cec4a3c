// The daemon's side of a request: what the PAM module sends, in whatever pieces it arrives, and what somebody else might.
import { describe, expect, it } from 'vitest';

import {
  createRequestParser,
  MAX_REQUEST_BYTES,
  type ParsedRequest,
} from '../../src/protocol/parse-request.ts';
import {
  bytesOfPart,
  bytesOfVector,
  requestVectors,
  type VectorText,
} from '../support/request-vectors.ts';

const TOKEN = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJmb28ifQ.c2lnbmF0dXJl';
const SERVICE = 'PAM_SERVICE=postgresql';
const USER = 'PAM_USER=foo:myservice';
const PID = 'PID=4711';
const RHOST = 'PAM_RHOST=10.0.0.7';
const FIELDS = [SERVICE, USER, PID, RHOST];
const REQUEST = {
  service: 'postgresql',
  user: 'foo:myservice',
  rhost: '10.0.0.7',
  via: 'pam',
  pid: 4711,
  database: undefined,
  transport: undefined,
  token: TOKEN,
};

/** The bytes of a request. */
function request(
  fields: readonly (string | Buffer)[] = FIELDS,
  token = TOKEN,
  version = 'pgtoken/2',
): Buffer {
  const strings = [version, ...fields, '', token];
  return Buffer.concat(strings.flatMap((string) => [Buffer.from(string), Buffer.alloc(1)]));
}

/** What the parser answers to these chunks; the last of them if it wants more after each. */
function parse(...chunks: readonly Buffer[]): ParsedRequest {
  const parser = createRequestParser();
  for (const chunk of chunks) {
    const parsed = parser.push(chunk);
    if (parsed !== undefined) return parsed;
  }
  return undefined;
}

describe('reads', () => {
  it('a whole request at once', () => {
    expect(parse(request())).toEqual(REQUEST);
  });

  it('a request in two pieces, wherever it is split', () => {
    const bytes = request();
    for (let at = 0; at <= bytes.length; at++) {
      expect(parse(bytes.subarray(0, at), bytes.subarray(at)), `split at ${at}`).toEqual(REQUEST);
    }
  });

  it('a request byte by byte', () => {
    const bytes = request();
    expect(parse(...Array.from(bytes, (byte) => Buffer.of(byte)))).toEqual(REQUEST);
  });

  it('a request without PAM_RHOST as one of a unix socket', () => {
    expect(parse(request(FIELDS.slice(0, 3)))).toStrictEqual({ ...REQUEST, rhost: undefined });
  });

  it('a PAM_RHOST that is empty as empty, not as left out', () => {
    expect(parse(request([...FIELDS.slice(0, 3), 'PAM_RHOST=']))).toMatchObject({ rhost: '' });
  });

  it('a request of version 1, which names no process', () => {
    expect(parse(request([SERVICE, USER, RHOST], TOKEN, 'pgtoken/1'))).toStrictEqual({
      ...REQUEST,
      pid: undefined,
    });
    expect(parse(request([SERVICE, USER], TOKEN, 'pgtoken/1'))).toStrictEqual({
      ...REQUEST,
      rhost: undefined,
      pid: undefined,
    });
  });

  it.each(['tls', 'gss', 'unix', 'plain'])('a request of the validator, over %s', (transport) => {
    const fields = [SERVICE, USER, PID, 'DATABASE=orders', `TRANSPORT=${transport}`, RHOST];
    const asked = { ...REQUEST, via: 'oauth', database: 'orders', transport };
    expect(parse(request(fields, TOKEN, 'pgtoken/3'))).toStrictEqual(asked);
    expect(parse(request(fields.slice(0, 5), TOKEN, 'pgtoken/3'))).toStrictEqual({
      ...asked,
      rhost: undefined,
    });
  });

  it.each([1, 2 ** 31 - 1])('process ID %d', (pid) => {
    expect(parse(request([SERVICE, USER, `PID=${pid}`]))).toMatchObject({ pid });
  });

  it('an empty token', () => {
    expect(parse(request(FIELDS, ''))).toEqual({ ...REQUEST, token: '' });
  });

  it('values with "=", line feeds and letters beyond ASCII', () => {
    const user = 'a=b\nPAM_USER=c\u{1F511}ä';
    expect(parse(request(['PAM_SERVICE==', `PAM_USER=${user}`, PID]))).toMatchObject({
      service: '=',
      user,
    });
  });

  it('a letter that is split between two pieces', () => {
    const bytes = request(['PAM_SERVICE=s', 'PAM_USER=ä', PID]);
    const at = bytes.indexOf(0xc3) + 1;
    expect(parse(bytes.subarray(0, at), bytes.subarray(at))).toMatchObject({ user: 'ä' });
  });

  it('a user that is not UTF-8 as one with U+FFFD, which no role may have', () => {
    const user = Buffer.concat([Buffer.from('PAM_USER=a'), Buffer.of(0xff), Buffer.from('b')]);
    expect(parse(request(['PAM_SERVICE=s', user, PID]))).toMatchObject({ user: 'a\u{FFFD}b' });
  });

  it('every byte of a token as one character', () => {
    const bytes = Buffer.from(Array.from({ length: 255 }, (_, at) => at + 1));
    const parsed = parse(request(FIELDS, ''), Buffer.alloc(0));
    expect(parsed).toBeDefined();
    const whole = Buffer.concat([request(FIELDS, '').subarray(0, -1), bytes, Buffer.alloc(1)]);
    expect(parse(whole)).toMatchObject({ token: bytes.toString('latin1') });
  });

  it('a request of exactly 128 KiB', () => {
    const token = 'x'.repeat(MAX_REQUEST_BYTES - request(FIELDS, '').length);
    expect(parse(request(FIELDS, token))).toMatchObject({ token });
  });
});

describe('wants more', () => {
  it('after 131,071 bytes of a string that has not ended', () => {
    expect(parse(Buffer.alloc(MAX_REQUEST_BYTES - 1, 'x'))).toBeUndefined();
  });

  it('after each beginning of a request', () => {
    const bytes = request();
    for (let end = 0; end < bytes.length; end++) {
      expect(parse(bytes.subarray(0, end)), `${end} bytes`).toBeUndefined();
    }
  });
});

const ALL = 'expected PAM_SERVICE, PAM_USER, PID, PAM_RHOST';
const NO_SERVICE = `field 1 is not PAM_SERVICE; ${ALL}`;
const NO_USER = `field 2 is not PAM_USER; ${ALL}`;
const NO_PID = `field 3 is not PID; ${ALL}`;
const NO_RHOST = `field 4 is not PAM_RHOST; ${ALL}`;
const BAD_PID = 'PID is missing or no process ID; expected a number of 1 to 2147483647';
const BAD_TRANSPORT =
  'DATABASE or TRANSPORT is missing or unknown; expected both, one of tls, gss, unix, plain';
const NO_DATABASE =
  'field 4 is not DATABASE; expected PAM_SERVICE, PAM_USER, PID, DATABASE, TRANSPORT, PAM_RHOST';
const MISSING = 'PAM_SERVICE or PAM_USER is missing or empty; expected both';
const NO_MAGIC =
  'expected "pgtoken/1" or "pgtoken/2" or "pgtoken/3" first, saw another protocol or version';
const TOO_LONG = 'over 131072 bytes; expected at most that';
const BYTES_FOLLOW = 'bytes follow the NUL that ends the token; expected nothing';

describe('refuses', () => {
  const replaced = (from: string, to: string): Buffer =>
    Buffer.from(request().toString('latin1').replace(from, to), 'latin1');

  const validators = (fields: readonly string[]): Buffer =>
    request([SERVICE, USER, PID, ...fields], TOKEN, 'pgtoken/3');

  it.each<[what: string, bytes: Buffer, problem: string]>([
    ['a newer version', replaced('pgtoken/2', 'pgtoken/4'), NO_MAGIC],
    ['a longer version', replaced('pgtoken/2', 'pgtoken/20'), NO_MAGIC],
    [
      'another protocol',
      Buffer.from('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n\0'),
      NO_MAGIC,
    ],
    ['a TLS hello', Buffer.from('160301\0'), NO_MAGIC],
    ['nothing but a NUL', Buffer.alloc(1), NO_MAGIC],
    ['thousands of NULs', Buffer.alloc(4096), NO_MAGIC],
    ['no PAM_SERVICE', request(FIELDS.slice(1)), NO_SERVICE],
    ['an empty PAM_SERVICE', request(['PAM_SERVICE=', 'PAM_USER=u']), MISSING],
    ['no PAM_USER', request([SERVICE, PID, RHOST]), NO_USER],
    ['an empty PAM_USER', request(['PAM_SERVICE=s', 'PAM_USER=']), MISSING],
    ['no field at all', request([]), MISSING],
    ['fields in another order', request(FIELDS.toReversed()), NO_SERVICE],
    ['PAM_USER twice', request([SERVICE, USER, 'PAM_USER=root']), NO_PID],
    ['PAM_SERVICE twice', request([SERVICE, SERVICE, USER]), NO_USER],
    ['an unknown field', request([SERVICE, USER, PID, 'PAM_TTY=x']), NO_RHOST],
    ['no PID', request([SERVICE, USER]), BAD_PID],
    ['PAM_RHOST in place of PID', request([SERVICE, USER, RHOST]), NO_PID],
    ['an empty PID', request([SERVICE, USER, 'PID=']), BAD_PID],
    ['process ID 0', request([SERVICE, USER, 'PID=0']), BAD_PID],
    ['a negative PID', request([SERVICE, USER, 'PID=-1']), BAD_PID],
    ['a PID with a zero in front', request([SERVICE, USER, 'PID=04711']), BAD_PID],
    ['a PID and more', request([SERVICE, USER, 'PID=4711 or 1=1']), BAD_PID],
    ['a PID that no kernel gives', request([SERVICE, USER, 'PID=2147483648']), BAD_PID],
    ['a PID of ten digits too many', request([SERVICE, USER, `PID=${'9'.repeat(20)}`]), BAD_PID],
    [
      'PID in version 1',
      request([SERVICE, USER, PID], TOKEN, 'pgtoken/1'),
      'field 3 is not PAM_RHOST; expected PAM_SERVICE, PAM_USER, PAM_RHOST',
    ],
    [
      'more than three fields in version 1',
      request([SERVICE, USER, RHOST, 'PAM_TTY=x'], TOKEN, 'pgtoken/1'),
      'over 3 fields; expected at most that',
    ],
    ['DATABASE in version 2', request([SERVICE, USER, PID, 'DATABASE=d']), NO_RHOST],
    ['no TRANSPORT in version 3', validators(['DATABASE=d']), BAD_TRANSPORT],
    ['no DATABASE in version 3', validators(['TRANSPORT=tls']), NO_DATABASE],
    ['an unknown TRANSPORT', validators(['DATABASE=d', 'TRANSPORT=ssl']), BAD_TRANSPORT],
    ['a TRANSPORT and more', validators(['DATABASE=d', 'TRANSPORT=tls ']), BAD_TRANSPORT],
    [
      'more than six fields in version 3',
      validators(['DATABASE=d', 'TRANSPORT=tls', RHOST, 'ISSUER=x']),
      'over 6 fields; expected at most that',
    ],
    ['a field in lower case', request(['PAM_SERVICE=s', 'pam_user=u']), NO_USER],
    ['a field without "="', request(['PAM_SERVICE', 'PAM_USER=u']), NO_SERVICE],
    ['a field name with a blank', request(['PAM_SERVICE=s', ' PAM_USER=u']), NO_USER],
    [
      'more than four fields',
      request([...FIELDS, 'PAM_TTY=x']),
      'over 4 fields; expected at most that',
    ],
    ['a byte after the end', Buffer.concat([request(), Buffer.from('x')]), BYTES_FOLLOW],
    ['a NUL after the end', Buffer.concat([request(), Buffer.alloc(1)]), BYTES_FOLLOW],
    ['two requests at once', Buffer.concat([request(), request()]), BYTES_FOLLOW],
    ['128 KiB without a NUL', Buffer.alloc(MAX_REQUEST_BYTES, 'x'), TOO_LONG],
    ['one byte over 128 KiB', Buffer.alloc(MAX_REQUEST_BYTES + 1, 'x'), TOO_LONG],
    [
      'a whole request of one byte over 128 KiB',
      request(FIELDS, 'x'.repeat(MAX_REQUEST_BYTES + 1 - request(FIELDS, '').length)),
      TOO_LONG,
    ],
  ])('%s', (_what, bytes, problem) => {
    expect(parse(bytes)).toEqual({ problem });
  });

  it('an oversized request as soon as it is one, in whatever pieces it comes', () => {
    const parser = createRequestParser();
    const chunk = Buffer.alloc(1024, 'x');
    for (let sent = chunk.length; sent < MAX_REQUEST_BYTES; sent += chunk.length) {
      expect(parser.push(chunk)).toBeUndefined();
    }
    expect(parser.push(chunk)).toEqual({ problem: TOO_LONG });
  });

  it('another version before the rest of the request has come', () => {
    expect(parse(Buffer.from('pgtoken/4\0'))).toEqual({ problem: NO_MAGIC });
  });

  it('a fifth field before the rest of the request has come', () => {
    const bytes = request([...FIELDS, 'PAM_RHOST=again']);
    const problem = 'over 4 fields; expected at most that';
    expect(parse(bytes.subarray(0, bytes.indexOf('again') + 6))).toEqual({ problem });
  });

  it('without ever showing what was sent', () => {
    const secret = 'eyJhbGciOi';
    for (const bytes of [
      Buffer.from(`${secret}\0`),
      request([secret, 'PAM_USER=u'], secret),
      request([...FIELDS.slice(0, 2), `PID=${secret}`], secret),
      Buffer.concat([request(FIELDS, secret), Buffer.from(secret)]),
    ]) {
      expect(JSON.stringify(parse(bytes))).toMatch(/^\{"problem":(?!.*eyJhb)/);
    }
  });
});

// What the PAM module is tested against as well.
const textOf = (given: VectorText | undefined, encoding: 'utf8' | 'latin1'): string | undefined => {
  if (given === undefined) return undefined;
  if (typeof given === 'string') return Buffer.from(given).toString(encoding);
  return bytesOfPart('hex' in given ? given.hex : given).toString(encoding);
};

describe('of the vectors', () => {
  it.each(requestVectors.valid)('reads: $name', (given) => {
    const bytes = bytesOfVector(given);
    const expected = {
      service: textOf(given.service, 'utf8'),
      user: textOf(given.user, 'utf8'),
      rhost: textOf(given.rhost, 'utf8'),
      via: given.database === undefined ? 'pam' : 'oauth',
      pid: given.pid,
      database: textOf(given.database, 'utf8'),
      transport: given.transport,
      token: textOf(given.token, 'latin1'),
    };
    expect(parse(bytes)).toEqual(expected);
    expect(parse(bytes.subarray(0, 20), bytes.subarray(20))).toEqual(expected);
  });

  // A token that is too large is for the daemon to judge: as a request it is well formed.
  it.each(requestVectors.invalid)('refuses: $name', ({ reply, ...given }) => {
    const parsed = parse(bytesOfVector(given));
    expect(parsed).toBeDefined();
    expect('problem' in parsed!).toBe(reply.code === 'ERR_PROTOCOL');
  });

  it.each(requestVectors.incomplete)('wants more after: $name', (given) => {
    expect(parse(bytesOfVector(given))).toBeUndefined();
  });
});
