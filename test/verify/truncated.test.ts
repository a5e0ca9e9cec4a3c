// Which lengths have a hint of their own. That each hint is right is a matter of what was seen: docs/connect/clients.md.
import { describe, expect, it } from 'vitest';

import { truncated } from '../../src/verify/truncated.ts';

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
