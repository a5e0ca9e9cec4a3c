// The PAM services that are examined where --service names none: those that lines of pg_hba.conf and entries of issuers.yaml name,
// and that ask pgtoken.
import { join } from 'node:path';
import { serviceOf } from '../hba/check-hba.ts';
import { usesValidator } from '../oauth/check-oauth.ts';
import { findServiceFile, usesPgtoken } from './check-service.ts';
import { fault, type Finding } from '../finding.ts';
import type { HBARule } from '../hba/parse-hba.ts';
import type { Host } from '../host/host.ts';

/** Where nothing names a service: the one of the README. */
export const DEFAULT_SERVICE = 'postgresql-k8s';

/** What the OAuth validator says unless its setting names another one. */
export const OAUTH_SERVICE = 'postgresql';

/** What to examine. */
export interface FoundServices {
  readonly services: readonly string[];
  /** Those that a line of pg_hba.conf must name. Others may be for a pooler, or for another program. */
  readonly expected: readonly string[];
  readonly findings: readonly Finding[];
}

/**
 * @param rules of all files of pg_hba.conf.
 * @param listed in `pam.services` of entries.
 * @param folders where libpam looks.
 */
export function findServices(
  rules: readonly HBARule[],
  listed: readonly string[],
  folders: readonly string[],
  host: Pick<Host, 'files'>,
): FoundServices {
  const named = unique(rules.filter(({ method }) => method === 'pam').map(serviceOf));
  const exists = (name: string): boolean => findServiceFile(name, folders, host) !== undefined;
  const own = unique([
    ...named.filter((name) => usesPgtoken(name, folders, host)),
    ...listed.filter(exists),
  ]);
  const isOverOAuth = named.length === 0 && rules.some(usesValidator);
  const services = own.length > 0 || isOverOAuth ? own : guess(named, listed, folders, host);
  const used = services.filter((name) => named.includes(name));
  return {
    services,
    expected: used.length > 0 || isOverOAuth ? used : services,
    findings: unique(listed)
      .filter((name) => !(isOverOAuth && name === OAUTH_SERVICE))
      .filter((name) => !exists(name) && !named.includes(name) && !services.includes(name))
      .map((name) =>
        fault(
          'service-unused',
          join(folders[0] ?? '', name),
          `no such file, and no line of pg_hba.conf names the service, which pam.services of issuers.yaml does`,
          'Write the file and the line, or take the service out of pam.services.',
        ),
      ),
  };
}

/** No service asks pgtoken: one that was meant to. */
function guess(
  named: readonly string[],
  listed: readonly string[],
  folders: readonly string[],
  host: Pick<Host, 'files'>,
): readonly string[] {
  if (usesPgtoken(DEFAULT_SERVICE, folders, host)) {
    return [DEFAULT_SERVICE];
  }
  const missing = unique([...named, ...listed]).filter(
    (name) => findServiceFile(name, folders, host) === undefined,
  );
  return missing.length > 0 ? missing : [DEFAULT_SERVICE];
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}
