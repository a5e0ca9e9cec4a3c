// Roles whose VALID UNTIL is over. PostgreSQL looks at it for passwords that it checks itself: by PAM the role logs in as before,
// and who set it may believe it locked.
import { formatDay } from '../../certificates/describe-certificate.ts';
import { quote } from '../../quote.ts';
import { fault, type Finding } from '../finding.ts';
import type { ReachedRole } from './find-reach.ts';
import { quoteIdentifier } from './quote-identifier.ts';

const MAX_SHOWN = 5;

/** @returns a warning for each role that a rule names, and one for all that claims may lead to. */
export function checkExpiry(reached: readonly ReachedRole[]): readonly Finding[] {
  const expired = reached.filter(({ role }) => role.expiredAt !== undefined);
  const named = expired.flatMap(({ role, place }) =>
    place === undefined
      ? []
      : [
          fault(
            'role-expired',
            place,
            `role ${quote(role.name)} was valid until ${day(role.expiredAt)}, and yet a token logs in as it: PostgreSQL looks at VALID UNTIL for its own passwords alone`,
            `To lock it, run:\n  ALTER ROLE ${quoteIdentifier(role.name)} NOLOGIN\nIf only its password was to expire, run:\n  ALTER ROLE ${quoteIdentifier(role.name)} PASSWORD NULL VALID UNTIL 'infinity'`,
          ),
        ],
  );
  const others = expired.filter(({ place }) => place === undefined);
  if (others.length === 0) {
    return named;
  }
  const entries = [...new Set(others.flatMap((reach) => reach.entries))];
  const shown = others.slice(0, MAX_SHOWN).map(({ role }) => quote(role.name));
  const more = others.length > MAX_SHOWN ? ` and ${others.length - MAX_SHOWN} more` : '';
  return [
    ...named,
    fault(
      'role-expired',
      'VALID UNTIL',
      `is over for ${shown.join(', ')}${more}, and yet tokens may log in (rules of ${entries.join(', ')}): PostgreSQL looks at VALID UNTIL for its own passwords alone`,
      "Lock what is to be locked with ALTER ROLE … NOLOGIN; where only passwords were to expire, write PASSWORD NULL VALID UNTIL 'infinity'.",
    ),
  ];
}

function day(time: number | undefined): string {
  const date = new Date((time ?? 0) * 1000);
  return Number.isNaN(date.getTime()) ? 'long ago' : formatDay(date);
}
