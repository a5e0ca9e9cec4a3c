// The shape of what issuers.yaml says of the sessions that an entry's tokens open.
import * as z from 'zod/mini';
import { duration, flag } from '../../values/values.ts';

/** The schema of an entry's `sessions`. */
export const sessionSchema = z.strictObject({
  end: z._default(
    z
      .array(z.enum(['expired', 'denied', 'revoked']), {
        error: 'expected a list such as [expired, denied]',
      })
      .check(
        z.meta({
          title: 'list of `expired`, `denied`, `revoked`',
          description:
            'What ends a session. `expired`: its token has expired. `denied`: issuers.yaml, or the keys of the issuer, as they are in force now, would not grant the login again; looked at after each reload and whenever keys change. `revoked`: its pod or its service account is gone, as the API server of `review` says, or was made again under the same name.',
        }),
      ),
    [],
  ),
  grace: z.prefault(
    duration(
      'With `expired`: how long after the `exp` of its token a session may go on.',
      '0s',
      '30d',
    ),
    '1m',
  ),
  atLeast: z.prefault(
    duration(
      'With `expired`: how long a session may last in any case, however soon its token expires.',
      '0s',
      '30d',
    ),
    '5m',
  ),
  maxLifetime: z.optional(
    duration(
      'How long a session may last at the most, whatever its token says; needs nothing in `end`.',
      '1s',
      '3650d',
    ),
  ),
  renew: z._default(
    flag(
      'With `expired`: whether a login with a newer token of the same subject, as the same role, prolongs its older sessions to the `exp` of that token. For pools whose connections stay while their tokens change.',
    ),
    false,
  ),
});
