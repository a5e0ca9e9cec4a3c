// The shape of issuers.yaml: every key with its type, default, unit and meaning. The parts of an entry stand in
// files of their own beside this one.
//
// Validation, the types of the program, the JSON Schema for editors and the tables of docs/reference/configuration.md all come from
// here. Rules that tie several keys together stand in cross-checks.ts and check-raw-config.ts. Objects are strict: a key
// that is not written here is a problem, never ignored.
import * as z from 'zod/mini';
import { checkNames, checkPAM, checkReview, crossCheck } from '../checks/cross-checks.ts';
import { checkProvision } from '../checks/check-provision.ts';
import { checkServers } from '../checks/check-servers.ts';
import { cacheSchema, httpSchema, issuerSchema, keysSchema } from './key-schema.ts';
import { provisionSchema } from './provision-schema.ts';
import { reviewSchema } from './review-schema.ts';
import { roleRuleSchema } from './role-schema.ts';
import { denySchema, tokenSchema, validationRuleSchema } from './token-schema.ts';
import { serverSchema } from './server-schema.ts';
import { sessionSchema } from './session-schema.ts';
import { claim, dnsLabel, protectedRoles, serviceName, source, text } from '../../values/values.ts';

const pamSchema = z
  .strictObject({
    services: z.optional(
      z.array(serviceName('A PAM service'), { error: 'expected a list of texts' }).check(
        z.minLength(1, 'must not be empty'),
        z.meta({
          title: 'list of text, at least one',
          description:
            'The PAM services (`pamservice=` of pg_hba.conf) for which this entry counts, in lower case, as PAM folds them; logins over OAuth have that of the setting `pgtoken.service`. Left out, all.',
        }),
      ),
    ),
    sources: z.optional(
      z
        .array(source('A source'), {
          error: 'expected a list of sources, such as [10.0.0.0/8, local]',
        })
        .check(
          z.minLength(1, 'must not be empty'),
          z.meta({
            title: 'list of networks, addresses and `local`, at least one',
            description:
              'Where clients may be: networks such as `10.0.0.0/8` or `fd00::/8`, addresses, and `local` for the unix socket. A client whose address PAM does not tell as an IP address (`pam_use_hostname=1`) is refused. Left out, anywhere.',
          }),
        ),
    ),
  })
  .check(crossCheck(checkPAM));

const oauthSchema = z.strictObject({
  identity: claim(
    'The claim that `system_user` and `map=` of pg_hba.conf have of a login over OAuth, in place of `sub`: its name, or a JSON Pointer (RFC 6901) when it begins with `/`. A token without it has no identity there; nor has `email` where `email_verified` is there and not true. It permits no role.',
  ),
});

const issuerEntry = z
  .strictObject({
    name: dnsLabel(
      'A unique name for the entry: lower-case letters, digits and `-`, at most 63. It is in messages, log, metrics and the names of cache files.',
    ),
    issuer: issuerSchema,
    keys: z.optional(keysSchema),
    http: z.prefault(httpSchema, {}),
    token: z.prefault(tokenSchema, {}),
    claimValidationRules: z._default(
      z
        .array(validationRuleSchema, { error: 'expected a list of rules' })
        .check(z.describe('What claims must hold besides; all of these rules must.')),
      [],
    ),
    roles: z
      .array(roleRuleSchema, { error: 'expected a list of role rules' })
      .check(
        z.minLength(1, 'at least one rule is required, as without one nobody may log in'),
        z.describe('What a token may be: each rule that matches permits its roles.'),
      ),
    allowProtectedRoles: z._default(
      z
        .array(
          text('A role').check(
            z.refine((value) => !value.includes('*'), 'must be a role by its name, without "*"'),
          ),
          { error: 'expected a list of roles' },
        )
        .check(
          z.meta({
            title: 'list of text',
            description:
              'Exceptions from `protectedRoles` for this entry, each by its name: its tokens may be these roles where a rule permits them.',
          }),
        ),
      [],
    ),
    deny: z.prefault(denySchema, {}),
    pam: z.prefault(pamSchema, {}),
    oauth: z.optional(oauthSchema),
    cache: z.prefault(cacheSchema, {}),
    review: z.optional(reviewSchema),
    sessions: z.optional(sessionSchema),
    provision: z.optional(provisionSchema),
  })
  .check(crossCheck(checkReview));

/** The schema of the whole file. */
export const configurationSchema = z
  .strictObject({
    apiVersion: z.literal('pgtoken/v1').check(z.describe('Always `pgtoken/v1`.')),
    protectedRoles: z._default(
      protectedRoles(
        'Roles that no token may log in as, whatever the rules say. `*` stands for any text. Compared byte for byte, case and all. What is written here replaces the default. With `servers`, `pgtoken`, `pgtoken_*` and the users of their connections are protected as well. An entry may list exceptions.',
      ),
      ['postgres', 'root', 'pg_*'],
    ),
    servers: z._default(
      z
        .array(serverSchema, { error: 'expected a list of servers' })
        .check(
          z.describe(
            'PostgreSQL servers of this host that the daemon may act on, for `sessions` and `provision`; left out, it connects to none.',
          ),
        ),
      [],
    ),
    issuers: z.array(issuerEntry, { error: 'expected a list of issuers' }).check(
      z.meta({
        title: 'list',
        description:
          'Whose tokens are accepted; `[]` trusts nobody. Entries for the same issuer are tried in this order, in the daemon those whose key is cached first; the first grant wins.',
      }),
    ),
  })
  .check(crossCheck(checkNames), crossCheck(checkServers), crossCheck(checkProvision));

/** The configuration as the program uses it: defaults filled in, durations in seconds, sizes in bytes. */
export type Configuration = z.output<typeof configurationSchema>;
/** One entry of `issuers`. */
export type IssuerConfiguration = Configuration['issuers'][number];
/** An entry's `issuer`. */
export type IssuerPart = IssuerConfiguration['issuer'];
/** An entry's `keys`. */
export type KeysPart = IssuerConfiguration['keys'];
/** One of `servers`. */
export type ServerConfiguration = Configuration['servers'][number];
/** An entry's `review`. */
export type ReviewPart = NonNullable<IssuerConfiguration['review']>;
/** An entry's `sessions`. */
export type SessionsPart = NonNullable<IssuerConfiguration['sessions']>;
/** An entry's `provision`. */
export type ProvisionPart = NonNullable<IssuerConfiguration['provision']>;
/** One entry of an issuer's `roles`. */
export type RoleRule = IssuerConfiguration['roles'][number];
/** One entry of an issuer's `claimValidationRules`. */
export type ValidationRule = IssuerConfiguration['claimValidationRules'][number];
