// The servers behind the files of pg_hba.conf that matter: what they say of their rules, how clients come to them, and the roles
// that tokens may log in as.
import type { Policy } from '../../policy/policy.ts';
import { checkDatabase } from './check-database.ts';
import { findOwnLines } from '../hba/check-hba.ts';
import type { ExaminedHBA } from '../hba/check-hba-files.ts';
import { checkRoles, findNamedRoles } from '../roles/check-roles.ts';
import { fault, type Finding } from '../finding.ts';
import { isLoaded } from '../hba/load-hba-files.ts';
import type { HBARule } from '../hba/parse-hba.ts';
import type { DatabaseFacts, ReadDatabase } from './read-database.ts';
import type { Host } from '../host/host.ts';
import type { AskedServer } from './ask-servers.ts';
import { checkCertificate } from './check-certificate.ts';
import { checkListening } from './check-listening.ts';
import { checkTLS } from './check-tls.ts';
import { checkLibraries } from '../oauth/check-libraries.ts';
import { mergeRoles } from './merge-roles.ts';

/** What the servers are held against. */
export interface ServerTerms {
  readonly policy: Policy | undefined;
  /** Those that are examined. */
  readonly services: readonly string[];
}

/** @param hba the files that matter, with the servers that were asked. */
export async function checkServers(
  servers: readonly AskedServer[],
  hba: ExaminedHBA,
  { policy, services }: ServerTerms,
  host: Pick<Host, 'files' | 'accounts' | 'clock'>,
  readDatabase: ReadDatabase,
): Promise<readonly Finding[]> {
  const relevant = servers.filter(
    (server) => server.process === undefined || hba.files.some((file) => file.server === server),
  );
  const own = findOwnLines(hba.rules, services);
  const named = findNamedRoles(policy, hba.rules, services);
  const names = named.map(({ name }) => name);
  const answers = await Promise.all(
    relevant.map(async ({ connection, answer }) =>
      // Asked again, now that it is known which roles matter.
      typeof answer === 'string' ? answer : readDatabase(connection, names, host.accounts),
    ),
  );
  const facts = answers.filter((answer) => typeof answer !== 'string');
  return [
    ...relevant.flatMap((server, index) =>
      checkServer(server, answers[index] ?? '', hba, own, host),
    ),
    ...checkRoles(policy, named, facts.length === 0 ? undefined : mergeRoles(facts)),
  ];
}

function checkServer(
  server: AskedServer,
  answer: DatabaseFacts | string,
  hba: ExaminedHBA,
  own: readonly HBARule[],
  host: Pick<Host, 'files' | 'clock'>,
): readonly Finding[] {
  const { shown } = server.connection;
  if (typeof answer === 'string' && server.process !== undefined) {
    return [
      fault(
        'database-unasked',
        shown,
        `not asked about its rules and roles: ${answer}`,
        'Say with --db how a superuser is let in.',
      ),
    ];
  }
  const files = hba.files.filter((file) => file.server === server).filter(isLoaded);
  const hbaFiles = files.flatMap(({ content }) => content.files);
  const lines = own.filter((rule) => files.some(({ content }) => content.rules.includes(rule)));
  const settings = typeof answer === 'string' ? undefined : answer.settings;
  return [
    ...checkDatabase(shown, answer, { hbaFiles, own: lines }, host),
    ...(settings === undefined
      ? []
      : [
          ...checkListening(shown, settings, lines),
          ...checkTLS(shown, settings, lines),
          ...checkLibraries(shown, settings, lines),
          ...checkCertificate(settings, lines, host),
        ]),
  ];
}
