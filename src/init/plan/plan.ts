// A plan for a first login: the files, and what else there is to do. Made without changing anything, and carried out apart.
import type { Problem } from '../../config/problems.ts';
import { checkIssuers } from '../../doctor/issuers/check-issuers.ts';
import { createFetchKeys } from '../../doctor/issuers/fetch-keys.ts';
import { findNamedRoles } from '../../doctor/roles/check-roles.ts';
import { isBarred } from '../../doctor/roles/find-reach.ts';
import type { Policy } from '../../policy/policy.ts';
import { quote } from '../../quote.ts';
import { systemClock } from '../../clock.ts';
import { isDerivedRole } from '../../roles/is-derived-role.ts';
import { type Answers, optionNameOf, optionOf } from '../answers.ts';
import type { TokenFacts } from '../detect/read-token-facts.ts';
import { hasControls } from '../forms.ts';
import { hintFor } from '../detect/hint-for.ts';
import { fillExample } from '../fill/fill-example.ts';
import type { InitProblem } from '../init-problem.ts';
import type { Kind } from '../kind.ts';
import { pathOfExample, readShippedText } from '../shipped-texts.ts';
import { checkFiles } from './check-files.ts';
import {
  type BarredRole,
  compareToken,
  findBarred,
  findLongLife,
  findShutEntry,
} from './find-obstacles.ts';
import {
  certificatesOf,
  copyFiles,
  type PlannedFile,
  type Places,
  planFiles,
} from './plan-files.ts';
import { findHBAFiles, type HBAFile, type HBAHost } from './find-hba-files.ts';
import { formatHBALine, type HBAPlace, moveDown, placeDaemonLine, placeLine } from './plan-hba.ts';

/** What is wanted. */
export interface Wanted {
  readonly kind: Kind;
  readonly answers: Answers;
  /** Texts of files, by the name of the parameter, where they are known already. */
  readonly texts: ReadonlyMap<string, string>;
  /** In PEM, for an issuer whose example has no certificate authority. */
  readonly certificateAuthority: string | undefined;
  readonly name: string | undefined;
  readonly places: Places;
  readonly database: string;
  readonly address: string;
  readonly hba: string | undefined;
  readonly provision: boolean;
  /** Whether no issuer is asked for its keys. */
  readonly offline: boolean;
  readonly token: TokenFacts | undefined;
}

/** What is to be done. */
export interface Plan {
  readonly kind: Kind;
  readonly service: string;
  readonly files: readonly PlannedFile[];
  readonly warnings: readonly Problem[];
  /** What the issuers have answered, a line each. */
  readonly issuers: readonly string[];
  /** What the token says that does not fit. */
  readonly notes: readonly string[];
  /** The roles that are known by name. */
  readonly roles: readonly string[];
  /** Whether claims lead to others. */
  readonly hasOtherRoles: boolean;
  readonly provision: boolean;
  /** Files with a secret that somebody else is to write. */
  readonly secrets: readonly string[];
  readonly hbaLine: string;
  /** One for each server; none where no file is known. */
  readonly hbaPlaces: readonly HBAPlace[];
  /** Where the line for the daemon goes, which are written first. */
  readonly daemonPlaces: readonly HBAPlace[];
}

/** Makes it. Throws for what the file system answers but that there is no such file. */
export async function makePlan(wanted: Wanted, host: HBAHost): Promise<Plan | InitProblem> {
  const { kind, answers, places } = wanted;
  const hbaFiles = await findHBAFiles(wanted.hba, host);
  if ('problem' in hbaFiles) {
    return hbaFiles;
  }
  const nameOf = (file: string): string => nameFile(wanted, file);
  const copied = copyFiles(kind, answers, nameOf, wanted.texts);
  if ('problem' in copied) {
    return copied;
  }
  const beside = new Map(copied);
  const entry = wanted.name ?? kind.entry ?? kind.name;
  const own = wanted.certificateAuthority === undefined ? undefined : `${entry}-ca.pem`;
  if (own !== undefined && wanted.certificateAuthority !== undefined) {
    beside.set(own, certificatesOf(wanted.certificateAuthority));
  }
  const config = fillExample(kind, readShippedText(pathOfExample(kind.name)), answers, {
    name: wanted.name,
    service: places.service,
    certificateAuthorityFile: own,
    provision: wanted.provision,
    connection: connectionOf(hbaFiles),
  });
  if (typeof config !== 'string') {
    return config;
  }
  const checked = await checkFiles(config, beside, places.service);
  if (!checked.ok) {
    return explainProblems(checked.problems, wanted, nameOf);
  }
  const { policy, warnings } = checked;
  const barred = findBarred(policy);
  const shut = findShutEntry(policy, barred) ?? findLongLife(wanted.token, policy);
  if (shut !== undefined) {
    return shut;
  }
  const issuers = await askIssuers(policy, wanted.offline);
  if ('problem' in issuers) {
    return issuers;
  }
  const roles = findRoles(policy, barred, wanted.token);
  const hasOtherRoles = policy.issuers.some(({ entry: { roles: rules } }) =>
    rules.some(isDerivedRole),
  );
  const hbaLine = formatHBALine({
    service: places.service,
    database: wanted.database,
    address: wanted.address,
    roles: hasOtherRoles ? undefined : roles,
  });
  const daemonPlaces = wanted.provision ? placeDaemonLine(hbaFiles) : [];
  return {
    kind,
    service: places.service,
    files: planFiles(config, beside, places),
    warnings,
    issuers: issuers.lines,
    notes: [
      ...barred.map(
        ({ name, issuer }) => `${issuer}: role ${quote(name)} is protected, and no token may be it`,
      ),
      ...(wanted.token === undefined ? [] : compareToken(wanted.token, policy)),
    ],
    roles,
    hasOtherRoles,
    provision: wanted.provision,
    secrets: findSecrets(policy),
    hbaLine,
    hbaPlaces: moveDown(placeLine(hbaFiles, hbaLine, places.service), daemonPlaces),
    daemonPlaces,
  };
}

/** @returns undefined where none is known, or none can be written without quotes. */
function connectionOf(files: readonly HBAFile[]): string | undefined {
  const [server] = files.flatMap((file) => file.server ?? []);
  return server !== undefined && /^\/[\w./-]*$/.test(server.socketFolder)
    ? `host=${server.socketFolder} port=${server.port}`
    : undefined;
}

/** The names of files follow that of the entry. */
function nameFile({ kind, name, answers }: Wanted, file: string): string {
  if (kind.entry !== undefined) {
    return name === undefined ? file : `${name}${file.slice(kind.entry.length)}`;
  }
  const parts = kind.parameters.flatMap((one) => {
    const [value] = answers.get(one.name) ?? [];
    return one.kind === 'value' && value !== undefined && file.startsWith(`${one.replaces}-`)
      ? [`${value}${file.slice(one.replaces.length)}`]
      : [];
  });
  return parts[0] ?? file;
}

/** What came of an option is told of the option: issuers.yaml is not there yet. */
function explainProblems(
  problems: readonly Problem[],
  { kind, answers }: Wanted,
  nameOf: (file: string) => string,
): InitProblem {
  const [first] = problems;
  for (const parameter of kind.parameters) {
    const [path] = answers.get(parameter.name) ?? [];
    const copy = parameter.kind === 'file' ? nameOf(parameter.replaces) : undefined;
    const problem = problems.find(({ message }) => copy !== undefined && message.includes(copy));
    if (copy !== undefined && problem !== undefined) {
      return {
        problem: `${optionNameOf(parameter)} ${path} cannot be used: ${problem.message.replace('Invalid value: ', '').replaceAll(copy, 'it')}`,
        hint: `Give another file by ${optionOf(parameter)}.`,
      };
    }
  }
  return {
    problem: `issuers.yaml could not be used: ${problems.map(({ message }) => message).join('; ')}`,
    hint: first?.hint ?? 'Give other values.',
  };
}

async function askIssuers(
  policy: Policy,
  offline: boolean,
): Promise<{ readonly lines: readonly string[] } | InitProblem> {
  // A token that somebody else writes is not there yet.
  const asked = policy.issuers.filter(
    ({ keySource }) => keySource.kind === 'pinned' || keySource.bearerTokenFile === undefined,
  );
  if (offline) {
    return { lines: ['not asked for keys (--offline)'] };
  }
  const findings = await checkIssuers(asked, { fetchKeys: createFetchKeys(systemClock) });
  const failure = findings.find(({ level }) => level === 'failure');
  return failure === undefined
    ? { lines: findings.map(({ subject, message }) => `${subject}: ${message}`) }
    : {
        problem: `${failure.subject}: ${failure.message}`,
        hint: hintFor(failure.message),
        isInTheWay: true,
      };
}

function findRoles(
  policy: Policy,
  barred: readonly BarredRole[],
  token: TokenFacts | undefined,
): readonly string[] {
  const named = findNamedRoles(policy, [], [])
    .map(({ name }) => name)
    .filter((name) => !barred.some((one) => one.name === name));
  const derived =
    token === undefined
      ? []
      : policy.issuers.flatMap((issuer) =>
          issuer
            .rolesOf(token.claims)
            .filter((name) => !isBarred(name, issuer, policy) && !hasControls(name)),
        );
  return [...new Set([...named, ...derived])];
}

function findSecrets(policy: Policy): readonly string[] {
  return policy.issuers.flatMap(({ entry }) =>
    entry.keys?.bearerTokenFile === undefined ? [] : [entry.keys.bearerTokenFile],
  );
}
