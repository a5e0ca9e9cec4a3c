// The shape of what issuers.yaml demands of a token: limits, rules on its claims, and lists of what is denied.
import * as z from 'zod/mini';
import { DEFAULT_ALGORITHMS, SUPPORTED_ALGORITHMS } from '../../values/algorithms.ts';
import { checkDeny, checkToken, checkValidationRule, crossCheck } from '../checks/cross-checks.ts';
import { NEVER_ACCEPTED_TYPES, normalizeType, TYPE_PATTERN } from '../../values/token-type.ts';
import type { SchemaTools } from '../../claim-rules/claim-rule-kind.ts';
import { claimRuleKeys, claimRuleNames } from '../../claim-rules/claim-rule-kinds.ts';
import * as values from '../../values/values.ts';

const { claim, duration, flag, moment, oneOf, size, text, texts } = values;

/** What the kinds of claim rules make their schemas of. */
const TOOLS: SchemaTools = {
  z: {
    array: z.array,
    boolean: z.boolean,
    int: z.int,
    literal: z.literal,
    meta: z.meta,
    minLength: z.minLength,
    optional: z.optional,
    union: z.union,
  },
  values,
};

/** The schema of an entry's `token`. */
export const tokenSchema = z
  .strictObject({
    algorithms: z._default(
      z.array(z.enum(SUPPORTED_ALGORITHMS)).check(
        z.minLength(1, 'must not be empty'),
        z.meta({
          title: 'list, at least one',
          description:
            'The signature algorithms (`alg`) that are accepted. `Ed25519` is the name that RFC 9864 has for `EdDSA`; each counts for tokens that have it. `ML-DSA-44`, `ML-DSA-65` and `ML-DSA-87` (RFC 9964) are accepted where they are written. HMAC (`HS*`) and `none` cannot be. Tokens of a trust domain are signed with RS*, PS* or ES*.',
        }),
      ),
      [...DEFAULT_ALGORITHMS],
    ),
    types: z._default(
      z
        .array(
          text('A type').check(
            z.regex(TYPE_PATTERN, 'must be a type such as JWT or at+jwt'),
            z.refine(
              (value) => !NEVER_ACCEPTED_TYPES.includes(normalizeType(value)),
              'can never be accepted, such tokens are made for another purpose',
            ),
          ),
          { error: 'expected a list of types, such as [absent, JWT]' },
        )
        .check(
          z.minLength(1, 'must not be empty'),
          z.meta({
            title: 'list of text, at least one',
            description:
              'The types (`typ`) that are accepted, in any case; `absent` stands for a token without one, as Kubernetes issues them. `logout+jwt` and `dpop+jwt` cannot be written. For a trust domain only `absent`, `JWT` and `JOSE`.',
          }),
        ),
      ['absent', 'JWT', 'JOSE', 'at+jwt'],
    ),
    allowSenderConstrained: z._default(
      flag(
        'Whether a token that is bound to a key (`cnf`) is accepted, although nobody checks that its bearer has the key.',
      ),
      false,
    ),
    clockSkew: z.prefault(
      duration(
        'How far the clocks of issuer and database host may differ. Applies to `exp`, `nbf`, `iat` and `maxAge`.',
        '0s',
        '10m',
      ),
      '30s',
    ),
    maxLifetime: z.prefault(
      duration(
        'The longest lifetime, `exp` minus `iat`. For a token without `iat`, `exp` minus now.',
        '1s',
        '3650d',
      ),
      '24h',
    ),
    maxAge: z.optional(
      duration(
        'The longest time since the token was issued, now minus `iat`, whatever its `exp` says. A token without `iat` is refused then.',
        '1s',
        '3650d',
      ),
    ),
    maxBytes: z.prefault(size('The longest token.', 256, 65_535), 16_384),
    requiredClaims: z._default(
      z.array(claim('A claim'), { error: 'expected a list of claims' }).check(
        z.meta({
          title: 'list of claims',
          description:
            'Claims that a token must have besides `iss`, `aud`, `sub` and `exp`, whatever their value; `null` counts as missing.',
        }),
      ),
      [],
    ),
    requiredScopes: z._default(
      z
        .array(
          text('A scope').check(
            z.regex(
              /^[!#-[\]-~]+$/,
              'must be one scope, of printable ASCII without space, quote or backslash',
            ),
          ),
          { error: 'expected a list of scopes, such as [db.login]' },
        )
        .check(
          z.meta({
            title: 'list of text',
            description:
              'Scopes that a token must have, all of them, letter by letter. They are the words of `scope` (RFC 9068), or where it is not there of `scp`, each a text or a list. For logins over PAM and over OAuth alike.',
          }),
        ),
      [],
    ),
    boundTo: z.optional(
      z.array(z.enum(['pod', 'node', 'secret']), { error: 'expected a list such as [pod]' }).check(
        z.minLength(1, 'must not be empty'),
        z.meta({
          title: 'list of `pod`, `node`, `secret`, at least one',
          description:
            'Kubernetes: the token must be bound to one of these (its claim `kubernetes.io`). A token that is bound to nothing, as `kubectl create token` gives it by default, is refused.',
        }),
      ),
    ),
  })
  .check(crossCheck(checkToken));

/** The schema of one of an entry's `claimValidationRules`. */
export const validationRuleSchema = z
  .strictObject({
    claim: claim('The claim: its name, or a JSON Pointer (RFC 6901) when it begins with `/`.'),
    split: z.optional(
      text(
        'What separates several values in one text, such as `" "` in `scope`. Each is looked at by itself, like an element of a list.',
      ),
    ),
    ...claimRuleKeys(TOOLS),
  })
  .check(crossCheck(checkValidationRule), oneOf(claimRuleNames()));

/** The schema of an entry's `deny`. */
export const denySchema = z
  .strictObject({
    subjects: z._default(texts('Tokens with one of these `sub` are refused.'), []),
    tokenIDs: z._default(texts('Tokens with one of these `jti` are refused.'), []),
    keyIDs: z._default(
      texts(
        'Tokens that are signed with a key of one of these `kid` are refused, although the issuer still publishes it.',
      ),
      [],
    ),
    issuedBefore: z.optional(
      moment(
        'Tokens issued (`iat`) before this moment are refused, and so are those that do not say when they were issued.',
      ),
    ),
  })
  .check(crossCheck(checkDeny));
