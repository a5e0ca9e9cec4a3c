// Rules of issuers.yaml between entries and the servers that they have the daemon act on.
import { isJSONObject, type JSONObject } from '../../parse-json-object.ts';
import type { ReportProblem } from '../problems.ts';
import { type CrossCheck, has } from './cross-checks.ts';

const WRITE_SERVERS =
  'Write servers: [{name: main, connection: "host=/var/run/postgresql port=5432"}].';

/** The whole file: what acts on servers has one, and knows which. */
export const checkServers: CrossCheck = (value, report) => {
  if (!isJSONObject(value) || !Array.isArray(value['issuers'])) {
    return;
  }
  const entries: readonly unknown[] = value['issuers'];
  const { servers = [] } = value;
  if (!Array.isArray(servers)) {
    return;
  }
  if (servers.length === 0) {
    for (const [key, whose] of [
      ['sessions', 'whose sessions are meant'],
      ['provision', 'whose roles are meant'],
    ] as const) {
      const index = entries.findIndex((entry) => isJSONObject(entry) && has(entry, key));
      if (index !== -1) {
        report(
          ['issuers', index, key],
          `Invalid value: needs servers, the PostgreSQL servers ${whose}; expected at least one`,
          WRITE_SERVERS,
        );
      }
    }
    return;
  }
  const names = servers.map((server: unknown) =>
    isJSONObject(server) ? server['name'] : undefined,
  );
  for (const [index, entry] of entries.entries()) {
    if (isJSONObject(entry) && isJSONObject(entry['provision'])) {
      checkServer(entry, entry['provision'], names, (path, message, hint) => {
        report(['issuers', index, ...path], message, hint);
      });
    }
  }
};

/** A role is provisioned before anybody can see which server the login is for: it has to be written. */
function checkServer(
  entry: JSONObject,
  provision: JSONObject,
  names: readonly unknown[],
  report: ReportProblem,
): void {
  const { server } = provision;
  const known = names.map((name) => JSON.stringify(name)).join(', ');
  if (typeof server === 'string' && !names.includes(server)) {
    report(
      ['provision', 'server'],
      `Invalid value: ${JSON.stringify(server)}: is none of servers; expected ${known}`,
    );
  }
  if (names.length < 2) {
    return;
  }
  if (server === undefined) {
    report(
      ['provision', 'server'],
      `Required value: there are ${names.length} servers; expected the one that the logins of this entry are for: ${known}`,
    );
  }
  const { pam } = entry;
  if (!(isJSONObject(pam) && has(pam, 'services'))) {
    report(
      ['provision', 'server'],
      'Invalid value: there are several servers, and the entry counts for the logins of all; expected pam.services with the services of this one',
      'Give each server a PAM service of its own (pamservice= of pg_hba.conf).',
    );
  }
}
