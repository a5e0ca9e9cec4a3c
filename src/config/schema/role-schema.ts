// The shape of a role rule of issuers.yaml.
import * as z from 'zod/mini';
import { checkRoleRule, crossCheck } from '../checks/cross-checks.ts';
import { claim, flag, text } from '../../values/values.ts';

/** The schema of an issuer's role rule. */
export const roleRuleSchema = z
  .strictObject({
    claim: claim(
      'The claim: its name, or a JSON Pointer (RFC 6901) when it begins with `/`, such as `/kubernetes.io/namespace`.',
    ),
    split: z.optional(
      text(
        'What separates several values in one text, such as `" "` in `scope`. Each is looked at by itself, like an element of a list.',
      ),
    ),
    trimPrefix: z.optional(
      text('Taken off the front. A value that does not begin with it does not match.'),
    ),
    trimSuffix: z.optional(
      text('Taken off the end. A value that does not end with it does not match.'),
    ),
    equals: z.optional(text('What is left must be exactly this. Needs `role`.')),
    pattern: z.optional(
      text(
        'What is left must match this regular expression as a whole. Not together with `equals`.',
        'RE2 expression',
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
          z.meta({
            title: 'text, or list of text',
            description:
              'The role or roles that a match permits. `\\1` to `\\9` stand for the groups of `pattern`. Needs `equals` or `pattern`. Left out, the role is what is left of the value.',
          }),
        ),
    ),
    replace: z.optional(
      z.record(z.string().check(z.minLength(1, 'must not be empty')), z.string()).check(
        z.meta({
          title: 'mapping of text to text',
          description:
            'Replacements in what comes from the claim, such as `{"-": "_"}`. Not together with `equals`.',
        }),
      ),
    ),
    shorten: z._default(
      flag(
        'A role of more than 63 bytes becomes its first 54 bytes, `_`, and 8 hexadecimal digits of its SHA-256.',
      ),
      false,
    ),
  })
  .check(crossCheck(checkRoleRule));
