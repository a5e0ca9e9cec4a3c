// Undoes the compression of an answer. None is asked for (Accept-Encoding: identity), and some servers and caches compress
// all the same. What comes out is counted while it does, so that a small answer cannot become a large one.
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { FetchFailure } from '../keys/fetch-result.ts';
import { quote } from '../quote.ts';

/**
 * Decodes the body of an answer.
 *
 * @param encoding the Content-Encoding (RFC 9110 section 8.4), if there is one.
 * @param maxBytes the most that may come out.
 * @returns the body, or what is wrong with it.
 */
export function decodeBody(
  body: Uint8Array,
  encoding: string | undefined,
  maxBytes: number,
): Uint8Array | FetchFailure {
  const decode = decoderOf(encoding?.trim().toLowerCase() ?? '');
  if (decode === undefined) {
    return {
      reason: `the answer is encoded as ${quote(encoding)}; expected none, as was asked for, or gzip or br`,
      hint: ENCODING_HINT,
    };
  }
  try {
    return decode(body, maxBytes);
  } catch (error) {
    return error instanceof RangeError
      ? { reason: `the answer is over ${maxBytes} bytes when decompressed`, hint: SIZE_HINT }
      : {
          reason: `the answer is said to be ${quote(encoding)} and cannot be decompressed`,
          hint: ENCODING_HINT,
        };
  }
}

/** What to do about an answer that is too long. */
export const SIZE_HINT =
  'Look at what the address answers (curl -v); raise http.maxResponseBytes if that is the document and only long.';
const ENCODING_HINT =
  'Have the server, or what stands in front of it, send the document without compression.';

type Decode = (body: Uint8Array, maxOutputLength: number) => Uint8Array;

/** On this thread, which is held up no longer than by reading the JSON: others decide logins on the threads of zlib. */
function decoderOf(encoding: string): Decode | undefined {
  switch (encoding) {
    case '':
    case 'identity':
      return (body) => body;
    case 'gzip':
    case 'x-gzip':
      return (body, maxOutputLength) => gunzipSync(body, { maxOutputLength });
    case 'br':
      return (body, maxOutputLength) => brotliDecompressSync(body, { maxOutputLength });
    default:
      return undefined;
  }
}
