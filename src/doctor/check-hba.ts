// pg_hba.conf: whether logins come to the PAM service at all, and on what way.
import { faulty, fine, type Finding } from './finding.ts';
import { findTaken, isLoopback, type Taken } from './hba-coverage.ts';
import type { HBARule, ParsedHBA } from './parse-hba.ts';

/** What PostgreSQL takes for the service where a line names none. */
const DEFAULT_SERVICE = 'postgresql';
const OPTIONS: ReadonlySet<string> = new Set([
  'pamservice',
  'pam_use_hostname',
  'clientcert',
  'clientname',
]);

/** What is known of PAM services beside pg_hba.conf. */
export interface HBATerms {
  /** Those that are examined, at least one. */
  readonly services: readonly string[];
  /** Whether there is a file of that name. */
  readonly serviceExists: (name: string) => boolean;
}

/** @param path for messages. */
export function checkHBA(path: string, parsed: ParsedHBA, terms: HBATerms): readonly Finding[] {
  const { rules, problems } = parsed;
  const pam = rules.filter(({ method }) => method === 'pam');
  return [
    ...problems.map(({ file, line, reason }) =>
      faulty(
        'hba-syntax',
        `${file}:${line}`,
        `${reason}; with it PostgreSQL keeps the rules of before`,
        'Correct the line, then run:\n  SELECT pg_reload_conf()',
      ),
    ),
    ...pam.flatMap((rule) => checkService(rule, terms)),
    ...terms.services.flatMap((service) => checkUse(path, service, rules, pam)),
  ];
}

/** The service of a line, as libpam knows it. */
export function serviceOf(rule: HBARule): string {
  const [, name = DEFAULT_SERVICE] = rule.options.find(([option]) => option === 'pamservice') ?? [];
  return name.toLowerCase();
}

function checkService(rule: HBARule, { services, serviceExists }: HBATerms): Finding[] {
  const name = serviceOf(rule);
  if (serviceExists(name) || services.includes(name)) {
    return [];
  }
  return [
    faulty(
      'hba-service',
      place(rule),
      `pamservice=${name}, and there is no such service: every login by this line is denied`,
      `Write pamservice=${services[0] ?? ''}, or the name of another file of the PAM folder.`,
    ),
  ];
}

function checkUse(
  path: string,
  service: string,
  rules: readonly HBARule[],
  pam: readonly HBARule[],
): Finding[] {
  const own = pam.filter((rule) => serviceOf(rule) === service);
  if (own.length === 0) {
    const others = [...new Set(pam.map(serviceOf))];
    const seen =
      others.length === 0 ? 'there is none with pam' : `pam lines name ${others.join(', ')}`;
    return [
      faulty(
        'hba-unused',
        path,
        `no line sends logins to PAM service ${service}; ${seen}`,
        `Write, above broader lines:\n  hostssl all all 0.0.0.0/0 pam pamservice=${service}`,
      ),
    ];
  }
  return own.flatMap((rule) => {
    const faults = [...checkPlace(rule, rules), ...checkOptions(rule)];
    return faults.length > 0
      ? faults
      : [fine('hba', place(rule), `${rule.type} line, first for its connections, uses ${service}`)];
  });
}

function checkPlace(rule: HBARule, rules: readonly HBARule[]): Finding[] {
  const taken = findTaken(rule, rules.slice(0, rules.indexOf(rule)));
  const [first] = taken.flatMap(({ by }) => by);
  if (taken.length > 0 && first !== undefined && taken.every(({ by }) => by.length > 0)) {
    return [
      faulty(
        'hba-shadowed',
        place(rule),
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
      faulty(
        'hba-partly-shadowed',
        place(rule),
        `not used with TLS: ${describeTakers(taken, rule)} above it takes those connections`,
        `Move this line above line ${first.line}.`,
      ),
    );
  }
  const isPlain = taken.some(({ transport, by }) => transport === 'plain' && by.length === 0);
  if (isPlain && !isLoopback(rule)) {
    findings.push(
      faulty(
        'hba-cleartext',
        place(rule),
        `${rule.type} lets clients send the token without TLS, for everybody on the way to read`,
        `Write hostssl in place of ${rule.type}.`,
      ),
    );
  }
  return findings;
}

function describeTakers(taken: readonly Taken[], rule: HBARule): string {
  const takers = [...new Set(taken.flatMap(({ by }) => by))];
  return takers
    .map((taker) => {
      const file = taker.file === rule.file ? '' : `${taker.file}, `;
      return `${file}line ${taker.line} (${taker.type}, ${taker.method})`;
    })
    .join(' with ');
}

function checkOptions(rule: HBARule): Finding[] {
  return rule.options.flatMap(([name, value]) => {
    if (!OPTIONS.has(name)) {
      return [
        faulty(
          'hba-option',
          place(rule),
          `option ${name}=${value} is not for pam; with it PostgreSQL keeps the rules of before`,
          name === 'map'
            ? 'Take map= away: the role rules of issuers.yaml say who may be what.'
            : `Take it away; pam has ${[...OPTIONS].join(', ')}.`,
        ),
      ];
    }
    if (name.startsWith('client') && rule.type !== 'hostssl') {
      return [
        faulty(
          'hba-option',
          place(rule),
          `option ${name}=${value} is for hostssl lines; this is a ${rule.type} line`,
          'Write hostssl.',
        ),
      ];
    }
    if (name === 'pam_use_hostname' && value === '1') {
      return [
        faulty(
          'hba-hostname',
          place(rule),
          "pam_use_hostname=1 looks up the client's name for each login, and hands it over in place of the address",
          'Take pam_use_hostname away.',
        ),
      ];
    }
    return [];
  });
}

function place({ file, line }: HBARule): string {
  return `${file}:${line}`;
}
