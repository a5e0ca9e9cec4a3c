// The token on standard input, in whatever pieces it comes.
import { describe, expect, it } from 'vitest';

import { readToken } from '../../src/cli/read-token.ts';

/** Reads chunks, and says whether they were all asked for. */
async function read(...chunks: readonly (string | Uint8Array)[]) {
  let asked = 0;
  async function* input(): AsyncGenerator<Buffer> {
    for (const chunk of chunks) {
      asked += 1;
      yield typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : Buffer.from(chunk);
    }
  }
  return { result: await readToken(input()), asked };
}

const token = async (...chunks: readonly (string | Uint8Array)[]) => (await read(...chunks)).result;

const goesOn = (length: number) => ({
  granted: false,
  code: 'ERR_TOKEN_MALFORMED',
  message: `the password goes on after the NUL byte at ${length}; expected the NUL to end it`,
});
const TOO_LARGE = {
  granted: false,
  code: 'ERR_TOKEN_TOO_LARGE',
  message: 'the password has over 65535 bytes; expected a token of at most that',
};

describe('a token on standard input', () => {
  it('ends with the input', async () => {
    expect(await token('abc')).toBe('abc');
    expect(await token('a', 'b', '', 'c')).toBe('abc');
    expect(await token()).toBe('');
    expect(await token('')).toBe('');
  });

  it('ends with a NUL, and nothing is waited for behind it', async () => {
    expect(await token('abc\0')).toBe('abc');
    expect(await token('ab', 'c', '\0')).toBe('abc');
    expect(await token('\0')).toBe('');
    expect(await read('abc\0', 'never asked for')).toEqual({ result: 'abc', asked: 1 });
  });

  it('does not go on behind a NUL', async () => {
    expect(await token('abc\0def')).toMatchObject(goesOn(3));
    expect(await token('abc\0\0')).toMatchObject(goesOn(3));
    expect(await token('ab', 'c\0x')).toMatchObject(goesOn(3));
    expect(await token('\0x')).toMatchObject(goesOn(0));
  });

  it('keeps its white space, which is for others to judge', async () => {
    expect(await token(' abc\r\n')).toBe(' abc\r\n');
  });

  it('is taken byte by byte', async () => {
    const bytes = Uint8Array.from({ length: 255 }, (_, n) => n + 1);
    const result = await token(bytes.subarray(0, 200), bytes.subarray(200));
    expect(result).toBe(String.fromCharCode(...bytes));
  });

  it('has at most 65535 bytes, in however many pieces', async () => {
    expect(await token('x'.repeat(65_535))).toHaveLength(65_535);
    expect(await token(`${'x'.repeat(65_535)}\0`)).toHaveLength(65_535);
    expect(await token('x'.repeat(65_536))).toMatchObject(TOO_LARGE);
    expect(await token('x'.repeat(65_535), 'x')).toMatchObject(TOO_LARGE);
    expect(await token(`${'x'.repeat(65_536)}\0`)).toMatchObject(TOO_LARGE);
  });

  it('is not read to the end when it is too long', async () => {
    const chunks = Array.from({ length: 100 }, () => 'x'.repeat(10_000));
    expect(await read(...chunks)).toMatchObject({ result: TOO_LARGE, asked: 7 });
  });
});
