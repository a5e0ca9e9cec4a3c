// Whether the server lets its lines have pgtoken's OAuth validator: oauth_validator_libraries (PostgreSQL 18 and newer).
import { fault, type Finding } from '../finding.ts';
import { placeOf } from '../hba/place-of.ts';
import type { HBARule } from '../hba/parse-hba.ts';
import type { ServerSettings } from '../server/settings.ts';
import { isOurs, validatorOf } from './check-oauth.ts';

/**
 * @param shown the connection to the server.
 * @param own lines that use pgtoken.
 */
export function checkLibraries(
  shown: string,
  { validatorLibraries: libraries }: Pick<ServerSettings, 'validatorLibraries'>,
  own: readonly HBARule[],
): readonly Finding[] {
  const [rule, ...others] = own.filter(({ method }) => method === 'oauth');
  // A server that does not know the setting rejects such lines, which `hba-rejected` tells.
  if (rule === undefined || libraries === undefined) {
    return [];
  }
  const value = `oauth_validator_libraries is "${libraries.join(', ')}"`;
  if (!libraries.some(isOurs)) {
    const list = [...libraries, 'pgtoken_validator'].map((name) => `'${name}'`).join(', ');
    return [
      fault(
        'server-validator',
        shown,
        `${value}: no login by ${placeOf(rule)} is decided by pgtoken`,
        `Run:\n  ALTER SYSTEM SET oauth_validator_libraries = ${list};\n  SELECT pg_reload_conf();`,
      ),
    ];
  }
  const unnamed = [rule, ...others].find((line) => validatorOf(line) === undefined);
  return libraries.length === 1 || unnamed === undefined
    ? []
    : [
        fault(
          'server-validator',
          shown,
          `${value}, and ${placeOf(unnamed)} does not say which: PostgreSQL rejects the file`,
          'Write validator=pgtoken_validator into the line.',
        ),
      ];
}
