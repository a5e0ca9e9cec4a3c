// The shape of issuers.yaml: every key with its type, default, unit and meaning, in one place.
//
// Validation, the types of the program and the JSON Schema for editors all come from here. Rules that tie several keys
// together stand in cross-checks.ts and are attached here, so that they run (and report) even when a key beside them is
// wrong. Objects are strict: a key that is not written here is a problem, never ignored.
import * as z from 'zod/mini';
import { SUPPORTED_ALGORITHMS } from './algorithms.ts';
import {
  checkCache,
  checkIssuer,
  checkIssuerEntry,
  checkIssuerNames,
  checkKeys,
  checkRoleRule,
  checkToken,
  type CrossCheck,
} from './cross-checks.ts';
import { DURATION_PATTERN, SIZE_PATTERN, parseDuration, parseSize } from './units.ts';

z.config({ jitless: true });

const text = (description: string) =>
  z
    .string({ error: 'expected text' })
    .check(z.minLength(1, 'must not be empty'), z.describe(description));

const httpsURL = (description: string) =>
  text(description).check(
    z.refine(
      // What is empty has been told so.
      (value) => value === '' || isPlainHttpsURL(value),
      'must be an https:// URL without user, query or fragment',
    ),
  );

const duration = (description: string, least: string, most: string) =>
  z.pipe(
    z.string({ error: 'expected a duration such as "30s", "10m" or "24h"' }).check(
      z.regex(DURATION_PATTERN, 'must be a duration such as "30s", "10m" or "24h"'),
      z.refine((value) => isWithin(value, least, most), `must be ${least} to ${most}`),
      z.describe(description),
    ),
    z.transform((value: string) => parseDuration(value) ?? 0),
  );

const size = (description: string, least: number, most: number) =>
  z.pipe(
    z
      .union([z.int(SIZE_FORM), z.string().check(z.regex(SIZE_PATTERN, SIZE_FORM))], {
        error: 'expected a size in bytes, such as 16384 or "16KiB"',
      })
      .check(
        z.refine((value) => {
          const bytes = parseSize(String(value));
          return bytes === undefined
            ? // What is no size at all has been told so.
              typeof value === 'string' || !Number.isSafeInteger(value)
            : bytes >= least && bytes <= most;
        }, `must be ${least} to ${most} bytes`),
        z.describe(description),
      ),
    z.transform((value: number | string) => parseSize(String(value)) ?? 0),
  );

const SIZE_FORM = 'must be a size in bytes, such as 16384 or "16KiB"';

const crossCheck = <T>(check: CrossCheck) =>
  z.check<T>(
    (payload) => {
      check(payload.value, (path, message) => {
        payload.issues.push({ code: 'custom', path: [...path], message, input: payload.value });
      });
    },
    // Also when something inside was wrong already: all problems are reported at once.
    { when: () => true },
  );

/** A claim by its name, or by a JSON Pointer (RFC 6901) when it starts with a slash. */
const claim = text(
  'The claim: its name, or a JSON Pointer (RFC 6901) when it starts with "/", as in /kubernetes.io/namespace.',
).check(
  z.refine(
    (value) => !value.startsWith('/') || !/~(?![01])/.test(value),
    'must be a JSON Pointer (RFC 6901): "~" is written "~0" and "/" inside a name "~1"',
  ),
);

/** The schema of an issuer's role rule. */
export const roleRuleSchema = z
  .strictObject({
    claim,
    trimPrefix: z.optional(
      text('Taken off the front of the value; a value that does not start with it does not match.'),
    ),
    trimSuffix: z.optional(
      text('Taken off the end of the value; a value that does not end with it does not match.'),
    ),
    equals: z.optional(text('The value, after trimming, must be exactly this.')),
    pattern: z.optional(
      text(
        'The value, after trimming, must match this regular expression (RE2 syntax) as a whole.',
      ),
    ),
    role: z.optional(
      z
        .union(
          [
            text('The database role'),
            z.array(text('A database role')).check(z.minLength(1, 'must not be empty')),
          ],
          { error: 'expected a role or a list of roles' },
        )
        .check(
          z.describe(
            'The role or roles that a match permits; \\1 to \\9 stand for the groups of the pattern. Default: what is left of the value.',
          ),
        ),
    ),
    replace: z.optional(
      z
        .record(z.string().check(z.minLength(1, 'must not be empty')), z.string())
        .check(
          z.describe(
            'Text to replace in what comes from the claim, such as {"-": "_"}. Applied once, longest first.',
          ),
        ),
    ),
  })
  .check(crossCheck(checkRoleRule));

/** The schema of an entry's `issuer`. */
export const issuerSchema = z
  .strictObject({
    url: httpsURL('Exactly the iss claim of the tokens, byte for byte.'),
    discoveryURL: z.optional(
      httpsURL(
        'Where the discovery document is, when it is not at url + /.well-known/openid-configuration.',
      ),
    ),
    certificateAuthority: z.optional(
      text('The certificate authority of the issuer, as inline PEM. Default: those of the system.'),
    ),
    certificateAuthorityFile: z.optional(
      text(
        'The same, as a file (PEM). A relative path counts from the folder of this configuration file.',
      ),
    ),
    audiences: z
      .array(text('An audience'), { error: 'expected a list of audiences, such as [postgres]' })
      .check(
        z.minLength(1, 'at least one audience is required, such as [postgres]'),
        z.describe('The audiences (aud) of which a token must carry one, byte for byte.'),
      ),
    audienceMatchPolicy: z.optional(
      z
        .enum(['MatchAny', 'MatchExact'])
        .check(
          z.describe(
            'MatchAny: aud holds at least one of the audiences. MatchExact: aud holds all of the audiences and nothing else. Must be written when there are several audiences; default MatchAny.',
          ),
        ),
    ),
  })
  .check(crossCheck(checkIssuer));

/** The schema of an entry's `keys`. */
export const keysSchema = z
  .strictObject({
    jwksURI: z.optional(
      httpsURL('Where the keys (JWKS, RFC 7517) are fetched, without discovery.'),
    ),
    jwksFile: z.optional(
      text(
        'A file with the keys (JWKS), pinned: nothing is fetched. A relative path counts from the folder of this configuration file.',
      ),
    ),
  })
  .check(crossCheck(checkKeys));

const http = z.strictObject({
  timeout: z.prefault(
    duration('The time for one retrieval of the keys, discovery included.', '100ms', '60s'),
    '3s',
  ),
});

const token = z
  .strictObject({
    algorithms: z._default(
      z
        .array(z.enum(SUPPORTED_ALGORITHMS))
        .check(
          z.minLength(1, 'must not be empty'),
          z.describe(
            'The signature algorithms (alg) that are accepted. Only public-key ones can be written.',
          ),
        ),
      [...SUPPORTED_ALGORITHMS],
    ),
    clockSkew: z.prefault(
      duration('How far the clocks of issuer and database host may differ.', '0s', '10m'),
      '30s',
    ),
    maxLifetime: z.prefault(
      duration('The longest lifetime (exp - iat) of a token that is accepted.', '1s', '3650d'),
      '24h',
    ),
    maxBytes: z.prefault(
      size('The longest token that is accepted, in bytes.', 256, 65_535),
      16_384,
    ),
  })
  .check(crossCheck(checkToken));

const cache = z
  .strictObject({
    refreshInterval: z.prefault(
      duration('How long fetched keys are used before they are fetched again.', '1s', '7d'),
      '10m',
    ),
    maxStale: z.prefault(
      duration(
        'How long keys are used after their last successful retrieval while the issuer is down.',
        '1s',
        '30d',
      ),
      '24h',
    ),
    unknownKeyCooldown: z.prefault(
      duration(
        'The least time between two retrievals for a token whose key is not known.',
        '1s',
        '1d',
      ),
      '30s',
    ),
  })
  .check(crossCheck(checkCache));

const issuerEntry = z
  .strictObject({
    name: z
      .string({ error: 'expected a name' })
      .check(
        z.regex(
          /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/,
          'must be a DNS label: lower-case letters, digits and "-", at most 63',
        ),
        z.describe('A unique name for this entry, a DNS label. It stands in logs and messages.'),
      ),
    issuer: issuerSchema,
    keys: z.optional(keysSchema),
    http: z.prefault(http, {}),
    token: z.prefault(token, {}),
    roles: z
      .array(roleRuleSchema, { error: 'expected a list of role rules' })
      .check(
        z.minLength(1, 'at least one rule is required, as without one nobody may log in'),
        z.describe('What a token may be: each rule that matches permits its roles.'),
      ),
    cache: z.prefault(cache, {}),
  })
  .check(crossCheck(checkIssuerEntry));

/** The schema of the whole file. */
export const configurationSchema = z
  .strictObject({
    apiVersion: z.literal('pgtoken/v1').check(z.describe('The version of this format.')),
    protectedRoles: z._default(
      z
        .array(text('A role, or a pattern with "*"'))
        .check(z.describe('Roles that no token may be. "*" stands for any text.')),
      ['postgres', 'pg_*'],
    ),
    issuers: z
      .array(issuerEntry, { error: 'expected a list of issuers' })
      .check(
        z.describe(
          'Whose tokens are accepted. Tried in this order; the first grant wins. An empty list trusts nobody.',
        ),
      ),
  })
  .check(crossCheck(checkIssuerNames));

/** The configuration as the program uses it: defaults filled in, durations in seconds, sizes in bytes. */
export type Configuration = z.output<typeof configurationSchema>;
/** One entry of `issuers`. */
export type IssuerConfiguration = Configuration['issuers'][number];
/** An entry's `issuer`. */
export type IssuerPart = IssuerConfiguration['issuer'];
/** An entry's `keys`. */
export type KeysPart = IssuerConfiguration['keys'];
/** One entry of an issuer's `roles`. */
export type RoleRule = IssuerConfiguration['roles'][number];

function isPlainHttpsURL(value: string): boolean {
  if (!/^https:\/\/[^\s?#@\\]+$/.test(value) || !URL.canParse(value)) {
    return false;
  }
  const url = new URL(value);
  return url.protocol === 'https:' && url.hostname !== '';
}

/** Whether a duration lies between two others. What is none is told by its pattern. */
function isWithin(value: string, least: string, most: string): boolean {
  const seconds = parseDuration(value);
  return (
    seconds === undefined ||
    (seconds >= (parseDuration(least) ?? 0) && seconds <= (parseDuration(most) ?? 0))
  );
}
