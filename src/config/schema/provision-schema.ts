// The shape of what issuers.yaml says of the database roles that an entry's tokens log in as.
import * as z from 'zod/mini';
import { PROVISION_SETTINGS } from '../../values/provision-settings.ts';
import { dnsLabel, flag, text } from '../../values/values.ts';
import { roleRuleSchema } from './role-schema.ts';

/** PostgreSQL's INT_MAX, the most that CONNECTION LIMIT takes. */
const MAX_CONNECTION_LIMIT = 2_147_483_647;

/** The schema of an entry's `provision`. */
export const provisionSchema = z.strictObject({
  server: z.optional(
    dnsLabel(
      'Which of `servers` the logins are for. Required where there are several, and then `pam.services` as well: the services of that server.',
    ),
  ),
  create: z._default(
    flag('Whether a role that the rules permit and that does not exist is made at login.'),
    false,
  ),
  memberOf: z.optional(
    z
      .array(
        z.union([text('A role'), roleRuleSchema], {
          error: 'expected a role, or a rule as in roles',
        }),
        { error: 'expected a list of roles, and of rules as in roles' },
      )
      .check(
        z.meta({
          title: 'list of text, and of rules as in `roles`',
          description:
            "Roles that the role becomes a member of, each as far as `pgtoken.allow()` in the database names it: by their names, or what rules make of claims. What pgtoken has granted and the token no longer says is revoked. While a rule's claim is not in the token, nothing is revoked. Left out, memberships are left alone.",
        }),
      ),
  ),
  connectionLimit: z.optional(
    z.int('must be a whole number').check(
      z.refine(
        (value) => value >= 0 && value <= MAX_CONNECTION_LIMIT,
        `must be 0 to ${MAX_CONNECTION_LIMIT}`,
      ),
      z.meta({
        title: 'whole number',
        description: "The role's `CONNECTION LIMIT`. Left out, it is left alone.",
      }),
    ),
  ),
  settings: z._default(
    z.partialRecord(z.enum(PROVISION_SETTINGS), text('A value')).check(
      z.meta({
        title: 'mapping of text to text',
        description: `Settings of the role (\`ALTER ROLE … SET\`), out of ${PROVISION_SETTINGS.map((name) => `\`${name}\``).join(', ')}. A setting that is no longer written stays as it is.`,
      }),
    ),
    {},
  ),
  onError: z.enum(['deny', 'allow']).check(
    z.meta({
      title: '`deny` or `allow`',
      description:
        'What becomes of a login whose role cannot be provisioned, as while the server does not answer: `deny` refuses it; `allow` lets it go on, with the memberships that the role has, unless the server answers that it cannot revoke one.',
    }),
  ),
});
