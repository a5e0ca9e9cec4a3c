// A token that was cut on its way, at its end or at its start, and what is likely to have cut it.
//
// A length is listed here only when the program was seen to cut there, in the version that the hint names; docs/connect/clients.md has
// what was seen. A hint that names the wrong program costs more than one that names none.
import { refuse, type Refusal } from '../errors.ts';
import { parseJSONObject } from '../parse-json-object.ts';

/**
 * The refusal of a token that was cut, with a hint at the likely cause where its length names one.
 *
 * @param bytes length of what arrived.
 * @param evidence how one can tell.
 */
export function truncated(bytes: number, evidence: string): Refusal {
  return refuse(
    'ERR_TOKEN_TRUNCATED',
    `the token was cut to ${bytes} bytes on its way: ${evidence}`,
    HINTS.get(bytes) ??
      'Look for a length limit between client and server: a driver, a pooler, a shell or a file.',
  );
}

/**
 * The refusal of a token whose first three bytes are missing; undefined when it is none. Only the header is looked
 * at: what lost its start is long, and its end was cut as well.
 */
export function withoutItsStart(password: string): Refusal | undefined {
  const [header = ''] = password.split('.', 1);
  const json = parseJSONObject(Buffer.from(`${START}${header}`, 'base64url'));
  return typeof json === 'string' || typeof json['alg'] !== 'string'
    ? undefined
    : refuse(
        'ERR_TOKEN_TRUNCATED',
        `the token lost its first ${START.length} bytes on its way`,
        'PgBouncer 1.23 to 1.25.2 takes them off a password that does not fit into pkt_buf (4096 bytes by default): upgrade it or use shorter tokens.',
      );
}

/** What almost every token begins with: `{"` in base64url. PgBouncer reads as many bytes too far. */
const START = 'eyJ';

/** Hints by the length in bytes at which something on the way is known to cut a password. */
const HINTS: ReadonlyMap<number, string> = new Map([
  [
    511,
    'Stock pam_exec.so hands over at most 511 bytes: use pam_pgtoken.so in the PAM service file.',
  ],
  [995, 'PgBouncer before 1.17 keeps at most 995 bytes of a password: upgrade the pooler.'],
  [
    2047,
    'PgBouncer up to 1.25.2 keeps at most 2047 bytes of a password: upgrade it or use shorter tokens.',
  ],
  [
    4095,
    'A terminal cuts a pasted line at 4095 bytes: do not paste the token, read it from a file into PGPASSWORD.',
  ],
]);
