// Which lengths have a hint of their own. That each hint is right is a matter of what was seen: docs/connect/clients.md.
import { describe, expect, it } from 'vitest';

import { truncated, withoutItsStart } from '../../src/verify/truncated.ts';

const GENERAL =
  'Look for a length limit between client and server: a driver, a pooler, a shell or a file.';

describe('a token that was cut', () => {
  it('at no special length may have been cut anywhere', () => {
    expect(truncated(512, 'evidence')).toMatchObject({
      code: 'ERR_TOKEN_TRUNCATED',
      message: 'the token was cut to 512 bytes on its way: evidence',
      hint: GENERAL,
    });
  });

  it('names a program at these lengths and no others: Pgpool-II does not cut at 1023', () => {
    const named = Array.from({ length: 65_536 }, (_, bytes) => bytes).filter(
      (bytes) => truncated(bytes, 'evidence').hint !== GENERAL,
    );
    expect(named).toEqual([511, 995, 2047, 4095]);
  });
});

describe('a password lost its start', () => {
  const headerOf = (header: object): string =>
    Buffer.from(JSON.stringify(header)).toString('base64url').slice(3);

  it('if what is left is a header with an algorithm', () => {
    expect(withoutItsStart(`${headerOf({ alg: 'ES256' })}.claims`)).toMatchObject({
      code: 'ERR_TOKEN_TRUNCATED',
      message: 'the token lost its first 3 bytes on its way',
      hint: 'PgBouncer 1.23 to 1.25.2 takes them off a password that does not fit into pkt_buf (4096 bytes by default): upgrade it or use shorter tokens.',
    });
  });

  it.each([
    headerOf({ typ: 'JWT' }),
    headerOf({ alg: 256 }),
    headerOf({ alg: null }),
    'secret',
    '',
  ])('not if it is %j', (header) => {
    expect(withoutItsStart(`${header}.claims`)).toBeUndefined();
  });
});
