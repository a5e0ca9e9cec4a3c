// Reads the token from standard input, as pam_exec hands it over: ended by NUL or by end of file.
import { MAX_TOKEN_BYTES } from '../verify/parse-token.ts';
import { refuse, type Refusal } from '../errors.ts';

/**
 * Reads a password.
 *
 * @param chunks standard input. Reading stops at the first NUL; a caller that sends more together with it is refused, as
 * what it means cannot be known.
 */
export async function readToken(chunks: AsyncIterable<Buffer>): Promise<string | Refusal> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    const end = chunk.indexOf(0);
    const part = end === -1 ? chunk : chunk.subarray(0, end);
    length += part.length;
    if (length > MAX_TOKEN_BYTES) {
      return refuse(
        'ERR_TOKEN_TOO_LARGE',
        `the password has over ${MAX_TOKEN_BYTES} bytes; expected a token of at most that`,
      );
    }
    parts.push(part);
    if (end !== -1) {
      if (end < chunk.length - 1) {
        return refuse(
          'ERR_TOKEN_MALFORMED',
          `the password goes on after the NUL byte at ${length}; expected the NUL to end it`,
        );
      }
      break;
    }
  }
  // Latin-1, so that each byte is one character: what is not ASCII is no token and is refused by its place.
  return Buffer.concat(parts).toString('latin1');
}
