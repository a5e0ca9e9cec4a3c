// The token with which a closed issuer is asked for its keys, and an API server about tokens. Read anew each time, as whoever
// keeps the file replaces it before it expires. It is never shown.
import { readTrustedFile } from '../files/read-trusted-file.ts';

const MAX_BYTES = 64 * 1024;

/** What an Authorization header can carry (RFC 6750 section 2.1). */
const B64TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/**
 * Reads a bearer token, without the white space around it.
 *
 * @param path undefined where none is to be sent.
 * @param key of the entry that names the file.
 * @returns the token, or why the file cannot be used, in words that hold nothing of it.
 */
export function readBearerToken(
  path: string | undefined,
  key: 'keys.bearerTokenFile' | 'review.bearerTokenFile' = 'keys.bearerTokenFile',
):
  | { readonly ok: true; readonly token: string | undefined }
  | { readonly ok: false; readonly reason: string } {
  if (path === undefined) {
    return { ok: true, token: undefined };
  }
  const file = readTrustedFile(path, { maxBytes: MAX_BYTES });
  if (!file.ok) {
    return { ok: false, reason: `${path} (${key}) cannot be used: ${file.reason}` };
  }
  const token = file.text.trim();
  return B64TOKEN.test(token)
    ? { ok: true, token }
    : {
        ok: false,
        reason: `${path} (${key}) holds no token; expected one line of letters, digits and -._~+/`,
      };
}
