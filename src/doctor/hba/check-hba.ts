// One pg_hba.conf: lines that cannot be used, and on what way logins come to the PAM services.
import { fault, ok, type Finding } from '../finding.ts';
import { checkClientCertificates } from './check-client-certificates.ts';
import { checkExceptions } from './check-exceptions.ts';
import { checkIPv6 } from './check-ipv6.ts';
import { checkOAuth, usesValidator } from '../oauth/check-oauth.ts';
import { checkOptions } from './check-options.ts';
import { checkSuperuser } from './check-superuser.ts';
import { nameRule, placeOf } from './place-of.ts';
import { findTaken, isLoopback, type Taken } from './hba-coverage.ts';
import type { HBARule, ParsedHBA } from './parse-hba.ts';
import type { ServerSettings } from '../server/settings.ts';

/** What PostgreSQL takes for the service where a line names none. */
const DEFAULT_SERVICE = 'postgresql';

/** What is known of PAM services beside pg_hba.conf. */
export interface HBATerms {
  /** Those that are examined; none where all logins are over PostgreSQL's own OAuth. */
  readonly services: readonly string[];
  /** Whether there is a file of that name. */
  readonly serviceExists: (name: string) => boolean;
  /** The role that administers the server. */
  readonly superuser: string;
  /** Of the server; undefined where it was not asked. */
  readonly settings: ServerSettings | undefined;
}

/** Does not tell of services that no line names: another file may. */
export function checkHBA(
  { rules, problems }: Pick<ParsedHBA, 'rules' | 'problems'>,
  terms: HBATerms,
): readonly Finding[] {
  const pam = rules.filter(({ method }) => method === 'pam');
  return [
    ...problems.map(({ file, line, reason }) =>
      fault(
        'hba-syntax',
        `${file}:${line}`,
        `${reason}; with it PostgreSQL keeps the rules of before`,
        'Correct the line, then run:\n  SELECT pg_reload_conf()',
      ),
    ),
    ...rules.flatMap(checkOptions),
    ...checkSuperuser(rules, new Set(findOwnLines(rules, terms.services)), terms.superuser),
    ...pam.flatMap((rule) => checkService(rule, terms)),
    ...terms.services.flatMap((service) =>
      checkUse(findPAMLines(rules, [service]), service, rules, terms),
    ),
    ...checkUse(rules.filter(usesValidator), 'the OAuth validator', rules, terms),
  ];
}

/** The lines by which pgtoken decides: over one of these services, or over PostgreSQL's own OAuth. */
export function findOwnLines(
  rules: readonly HBARule[],
  services: readonly string[],
): readonly HBARule[] {
  const pam = findPAMLines(rules, services);
  return rules.filter((rule) => pam.includes(rule) || usesValidator(rule));
}

/** The lines that send logins to one of these services. */
export function findPAMLines(
  rules: readonly HBARule[],
  services: readonly string[],
): readonly HBARule[] {
  return rules.filter((rule) => rule.method === 'pam' && services.includes(serviceOf(rule)));
}

/** The service of a line, as libpam knows it. */
export function serviceOf(rule: HBARule): string {
  // The last one counts.
  const [, name = DEFAULT_SERVICE] =
    rule.options.findLast(([option]) => option === 'pamservice') ?? [];
  return name.toLowerCase();
}

function checkService(rule: HBARule, { services, serviceExists }: HBATerms): Finding[] {
  const name = serviceOf(rule);
  if (serviceExists(name) || services.includes(name)) {
    return [];
  }
  return [
    fault(
      'hba-service',
      placeOf(rule),
      `pamservice=${name}, and there is no such service: every login by this line is denied`,
      `Write pamservice=${services[0] ?? ''}, or the name of another file of the PAM folder.`,
    ),
  ];
}

/** @param used what the lines use, for people. */
function checkUse(
  own: readonly HBARule[],
  used: string,
  rules: readonly HBARule[],
  { settings }: HBATerms,
): Finding[] {
  return [
    ...own.flatMap((rule) => {
      const faults = [
        ...checkPlace(rule, rules),
        ...checkHostname(rule),
        ...(rule.method === 'oauth' ? checkOAuth(rule) : []),
        ...checkClientCertificates(rule, settings),
      ];
      const isInOrder =
        faults.every(({ level }) => level === 'note') && checkOptions(rule).length === 0;
      return isInOrder
        ? [ok('hba', placeOf(rule), `${rule.type} line uses ${used}`), ...faults]
        : faults;
    }),
    ...checkIPv6(own, settings?.listenAddresses),
  ];
}

function checkPlace(rule: HBARule, rules: readonly HBARule[]): Finding[] {
  const earlier = rules.slice(0, rules.indexOf(rule));
  const taken = findTaken(rule, earlier);
  const [first] = taken.flatMap(({ by }) => by);
  if (taken.length > 0 && first !== undefined && taken.every(({ by }) => by.length > 0)) {
    return [
      fault(
        'hba-shadowed',
        placeOf(rule),
        `never used: ${describeTakers(taken, rule)} above it is broader, and the first line that matches decides`,
        `Move this line above line ${first.line}.`,
      ),
    ];
  }
  const findings: Finding[] = [];
  if (
    first !== undefined &&
    taken.some(({ transport, by }) => transport === 'tls' && by.length > 0)
  ) {
    findings.push(
      fault(
        'hba-partly-shadowed',
        placeOf(rule),
        `not used with TLS: ${describeTakers(taken, rule)} above it takes those connections`,
        `Move this line above line ${first.line}.`,
      ),
    );
  } else {
    findings.push(...checkExceptions(rule, earlier));
  }
  const isPlain = taken.some(({ transport, by }) => transport === 'plain' && by.length === 0);
  if (isPlain && !isLoopback(rule)) {
    findings.push(
      fault(
        'hba-cleartext',
        placeOf(rule),
        `${rule.type} lets clients send the token without TLS, for everybody on the way to read`,
        `Write hostssl in place of ${rule.type}.`,
      ),
    );
  }
  return findings;
}

function describeTakers(taken: readonly Taken[], rule: HBARule): string {
  const takers = [...new Set(taken.flatMap(({ by }) => by))];
  return takers.map((taker) => nameRule(taker, rule)).join(' with ');
}

function checkHostname(rule: HBARule): Finding[] {
  return rule.options.some(([name, value]) => name === 'pam_use_hostname' && value === '1')
    ? [
        fault(
          'hba-hostname',
          placeOf(rule),
          "pam_use_hostname=1 looks up the client's name for each login, and hands it over in place of the address",
          'Take pam_use_hostname away.',
        ),
      ]
    : [];
}
