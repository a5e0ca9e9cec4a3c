// The kinds of values that stand in issuers.yaml, each with its check, its name in words and its meaning. The name
// (`title`) and the meaning (`description`) go into the JSON Schema and from there into docs/reference/configuration.md.
import * as z from 'zod/mini';
import { checkCertificates } from '../certificates/check-certificates.ts';
import { MOMENT_PATTERN, parseMoment } from './parse-moment.ts';
import { parseServerConnection, type ServerConnection } from './parse-server-connection.ts';
import { parseSource } from './parse-source.ts';
import { isTrustDomain } from '../claims/spiffe-id.ts';
import { DURATION_PATTERN, parseDuration, parseSize, SIZE_PATTERN } from './units.ts';

// Compiling validators costs more than it saves for a file that is read once. Before the first schema is made.
z.config({ jitless: true });

/** Text that is not empty. `title` says what kind of text. */
export const text = (description: string, title = 'text', pattern?: string) =>
  z.string({ error: 'expected text' }).check(
    z.minLength(1, 'must not be empty'),
    // What editors can tell by; what counts is checked by whoever gives the pattern.
    z.meta({ title, description, ...(pattern === undefined ? {} : { pattern }) }),
  );

/** True or false. */
export const flag = (description: string) =>
  z
    .boolean({ error: 'expected true or false' })
    .check(z.meta({ title: '`true` or `false`', description }));

/** A list of such texts. */
export const texts = (description: string, of = 'A value') => listOf(text(of), description);

/** What PostgreSQL keeps of a role's name, in bytes (NAMEDATALEN - 1). */
const MAX_ROLE_BYTES = 63;

/** A list of roles, or patterns with "*". Nobody can ask for a longer one, but for what PostgreSQL makes of it. */
export const protectedRoles = (description: string) =>
  listOf(
    text('A role, or a pattern with "*"').check(
      z.refine(
        (value) => Buffer.byteLength(value.replaceAll('*', '')) <= MAX_ROLE_BYTES,
        `must have at most ${MAX_ROLE_BYTES} bytes, to which PostgreSQL cuts the names of roles`,
      ),
    ),
    description,
  );

function listOf(item: ReturnType<typeof text>, description: string) {
  return z
    .array(item, { error: 'expected a list of texts' })
    .check(z.meta({ title: 'list of text', description }));
}

/** For editors: of these keys exactly one is written. What counts is a cross-check, with words of its own. */
export const oneOf = (keys: readonly string[]) =>
  z.meta({ oneOf: keys.map((key) => ({ required: [key] })) });

/** A file; a relative path counts from the folder of issuers.yaml. */
export const path = (description: string) => text(description, 'path');

/** Certificates, inline. */
export const certificates = (description: string) =>
  text(description, 'PEM').check(
    z.check(({ value: input, issues }) => {
      for (const reason of input === '' ? [] : checkCertificates(input)) {
        // Without the value, which may be a private key by mistake.
        issues.push({ code: 'custom', message: `Invalid value: ${reason}`, input });
      }
    }),
  );

/** What is empty has been told so by others. One that has a user may have a password, which is not shown. */
const urlCheck = (isFit: (url: string) => boolean, must: string) =>
  z.check<string>(({ value: input, issues }) => {
    if (input !== '' && !isFit(input)) {
      const message = input.includes('@') ? `Invalid value: it has a user; ${must}` : must;
      issues.push({ code: 'custom', message, input });
    }
  });

/** What an address that others derive theirs from must be. */
export const PLAIN_HTTPS_URL = 'must be an https:// URL without user, query or fragment';

/** An address of an issuer. */
export const httpsURL = (description: string) =>
  text(description, 'https URL', '^https://').check(urlCheck(isPlainHttpsURL, PLAIN_HTTPS_URL));

/** An address of an issuer that is asked for as it is, query included. */
export const httpsURLWithQuery = (description: string) =>
  text(description, 'https URL', '^https://').check(
    urlCheck(isHttpsURLWithQuery, 'must be an https:// URL without user or fragment'),
  );

/** An HTTP proxy. A password in it would make issuers.yaml a secret, so there can be none. */
export const proxyURL = (description: string) =>
  text(description, 'http URL', '^http://').check(
    urlCheck(
      isProxyURL,
      'must be an http:// URL of a host and a port, without user, path, query or fragment',
    ),
  );

/** A duration with its bounds; seconds in the program. */
export const duration = (description: string, least: string, most: string) =>
  z.pipe(
    z
      .string({
        error: 'expected a whole number with ms, s, m, h or d, such as "30s", "10m" or "24h"',
      })
      .check(
        z.regex(
          DURATION_PATTERN,
          'must be a whole number with ms, s, m, h or d, such as "30s", "10m" or "24h"',
        ),
        z.refine((value) => isWithin(value, least, most), `must be ${least} to ${most}`),
        z.meta({ title: `duration, ${least} to ${most}`, description }),
      ),
    z.transform((value: string) => parseDuration(value) ?? 0),
  );

/** A size with its bounds in bytes; bytes in the program. */
export const size = (description: string, least: number, most: number) =>
  z.pipe(
    z
      .union(
        [
          z.int(SIZE_FORM).check(z.meta({ minimum: least, maximum: most })),
          z.string().check(z.regex(SIZE_PATTERN, SIZE_FORM)),
        ],
        {
          error: 'expected a size in bytes, such as 16384 or "16KiB"',
        },
      )
      .check(
        z.refine((value) => {
          const bytes = parseSize(String(value));
          return bytes === undefined
            ? // What is no size at all has been told so.
              typeof value === 'string' || !Number.isSafeInteger(value)
            : bytes >= least && bytes <= most;
        }, `must be ${least} to ${most} bytes`),
        z.meta({ title: `size, ${least} to ${most} bytes`, description }),
      ),
    z.transform((value: number | string) => parseSize(String(value)) ?? 0),
  );

const SIZE_FORM = 'must be a size in bytes, such as 16384 or "16KiB"';

/** A moment with its offset from UTC (RFC 3339); Unix seconds in the program. */
export const moment = (description: string) =>
  z.pipe(
    z.string({ error: 'expected a time such as 2026-11-01T00:00:00Z' }).check(
      z.regex(MOMENT_PATTERN, 'must be a time such as 2026-11-01T00:00:00Z'),
      z.refine(
        (value) => !MOMENT_PATTERN.test(value) || parseMoment(value) !== undefined,
        'must be a time that exists',
      ),
      z.meta({ title: 'time (RFC 3339)', description }),
    ),
    z.transform((value: string) => parseMoment(value) ?? 0),
  );

/** A claim by its name, or by a JSON Pointer (RFC 6901) when it begins with a slash. */
export const claim = (description: string) =>
  text(description, 'claim').check(
    z.refine(
      (value) => !value.startsWith('/') || !/~(?![01])/.test(value),
      'must be a JSON Pointer (RFC 6901): "~" is written "~0" and "/" inside a name "~1"',
    ),
  );

/** A SPIFFE trust domain. */
export const trustDomain = (description: string) =>
  text(description, 'trust domain', '^[a-z0-9._-]+$').check(
    z.refine(
      (value) => value === '' || isTrustDomain(value),
      'must be a SPIFFE trust domain: lower-case letters, digits, ".", "-" and "_", at most 255, without spiffe://',
    ),
  );

/** A PAM service: the name of a file, in lower case, as pam_start of linux-pam folds what it is given. */
export const serviceName = (description: string) =>
  text(description).check(
    z.refine(
      // U+FFFD is what undecodable bytes turn into: two services would be the same.
      (value) => value === value.toLowerCase() && !/[\s/\u{FFFD}]/u.test(value),
      'must be the name of a file in /etc/pam.d, in lower case, as PAM folds the names of services',
    ),
  );

/** The name of a part of the file. */
export const dnsLabel = (description: string) =>
  z
    .string({ error: 'expected a name' })
    .check(
      z.regex(
        /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/,
        'must be a DNS label: lower-case letters, digits and "-", at most 63',
      ),
      z.meta({ title: 'DNS label', description }),
    );

/** How a server of this host is reached; what it says in parts in the program. */
export const serverConnection = (description: string) =>
  z.pipe(
    z.string({ error: 'expected text' }).check(
      z.check(({ value: input, issues }) => {
        const parsed = parseServerConnection(input);
        if (typeof parsed === 'string') {
          // Without the value, which may have a password in it.
          issues.push({ code: 'custom', message: `Invalid value: ${parsed}`, input });
        }
      }),
      z.meta({ title: 'connection string (`name=value`)', description }),
    ),
    z.transform((value: string): ServerConnection => {
      const parsed = parseServerConnection(value);
      // What is wrong has been told, and nothing uses it.
      return typeof parsed === 'string' ? { host: '', port: 0, database: '', user: '' } : parsed;
    }),
  );

/** Where a client may be. */
export const source = (description: string) =>
  text(description).check(
    z.check((payload) => {
      const parsed = parseSource(payload.value);
      if (payload.value !== '' && typeof parsed === 'string') {
        payload.issues.push({ code: 'custom', message: parsed, input: payload.value });
      }
    }),
  );

/** Whether keys may be looked for below it, by a path that is put behind it. */
export function isPlainHttpsURL(value: string): boolean {
  return isHttpsURLWithQuery(value) && !value.includes('?');
}

function isHttpsURLWithQuery(value: string): boolean {
  if (!/^https:\/\/[^\s?#@\\]+(?:\?[^\s#\\]*)?$/.test(value) || !URL.canParse(value)) {
    return false;
  }
  const url = new URL(value);
  return url.protocol === 'https:' && url.hostname !== '';
}

function isProxyURL(value: string): boolean {
  return /^http:\/\/[^\s?#@\\/]+\/?$/.test(value) && URL.canParse(value);
}

/** Whether a duration lies between two others. What is none is told by its pattern. */
function isWithin(value: string, least: string, most: string): boolean {
  const seconds = parseDuration(value);
  return (
    seconds === undefined ||
    (seconds >= (parseDuration(least) ?? 0) && seconds <= (parseDuration(most) ?? 0))
  );
}
