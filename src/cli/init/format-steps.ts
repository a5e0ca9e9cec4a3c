// What is left for a person to do after `pgtoken init`, as commands to copy: root runs them, so every word in them is quoted for
// the shell.
import { quoteIdentifier } from '../../doctor/roles/quote-identifier.ts';
import type { LocalServer } from '../../init/plan/find-hba-files.ts';
import { DAEMON_LINE, type HBAPlace } from '../../init/plan/plan-hba.ts';
import type { Plan } from '../../init/plan/plan.ts';
import { shellQuote } from '../../shell-quote.ts';
import { wrap } from '../output/wrap.ts';

/** What it takes to name a server in a step. */
interface Target {
  /** Such as ` of the server on port 5433`; empty where there is only one. */
  readonly named: string;
  readonly psql: string;
}

/** What a person does afterwards. */
export function formatSteps(plan: Plan): string {
  const steps = [
    ...formatMerge(plan),
    ...plan.secrets.map(
      (file) =>
        `Put the token that asks for the keys into ${file} beside issuers.yaml, for user pgtoken alone (install -o pgtoken -m 0600).`,
    ),
    ...formatServers(plan),
  ];
  return `To do by hand:\n${steps.map((step, index) => `\n${formatStep(step, index + 1)}\n`).join('')}`;
}

/** A second issuer has its entry in the same file, and logins of its own. */
function formatMerge({ files: [config], kind, service }: Plan): string[] {
  if (config?.state !== 'other') {
    return [];
  }
  const own =
    kind.namesService === true
      ? ''
      : ` with this line in it, so that it counts for ${service} alone`;
  const line = kind.namesService === true ? '' : `\n\n  pam: {services: [${service}]}`;
  return [
    `Merge the entry shown above into ${config.path}, below its issuers:${own}; give each other entry the service that it is for in the same way. Then check the file:${line}\n\n  pgtoken config check ${shellQuote(config.path)}`,
  ];
}

/** Its first paragraph is for reading, the others are to be copied. */
function formatStep(step: string, number: number): string {
  const [text = '', ...commands] = step.split('\n\n');
  return [`${number}. ${wrap(text, 3)}`, ...commands].join('\n\n');
}

function formatServers(plan: Plan): string[] {
  const { hbaLine, hbaPlaces, daemonPlaces, provision, service } = plan;
  if (hbaPlaces.length === 0) {
    const target = targetOf(undefined, true);
    const daemon = `Write this line into pg_hba.conf, above every line that matches everybody, and have it read:\n\n  ${DAEMON_LINE}\n\n${reload(target)}`;
    return [
      ...(provision ? [daemon] : []),
      formatRoles(plan, target),
      `Write this line into pg_hba.conf, above broader ones, and have it read:\n\n  ${hbaLine}\n\n${reload(target)}`,
    ];
  }
  return hbaPlaces.flatMap((place) => {
    const isOnly = hbaPlaces.length === 1;
    const target = targetOf(place.server, isOnly);
    const daemon = daemonPlaces.find(({ root }) => root === place.root);
    const isDown = !isOnly && place.server === undefined;
    return [
      ...(daemon === undefined || daemon.has
        ? []
        : [formatPlace(daemon, DAEMON_LINE, isDown ? undefined : target)]),
      ...(isDown ? [] : [formatRoles(plan, target)]),
      place.has
        ? `${place.file} has a line for ${service} already. If it was written after the server has started, have it read:\n\n${reload(target)}`
        : formatPlace(place, hbaLine, isDown ? undefined : target),
    ];
  });
}

function formatRoles({ roles, hasOtherRoles, provision }: Plan, { named, psql }: Target): string {
  if (provision) {
    return `Let pgtoken make roles at login${named}; have a DBA read what this does:\n\n  pgtoken database sql --provision\n  pgtoken database sql --provision | ${psql} -v ON_ERROR_STOP=1`;
  }
  const commands = roles.map(
    (role) => `  ${psql} -c ${shellQuote(`CREATE ROLE ${quoteIdentifier(role)} LOGIN`)}`,
  );
  const others = hasOtherRoles
    ? `${roles.length === 0 ? `Make each role${named} that is to log in` : `Make the roles${named}, and each other that is to log in`} (or have pgtoken do it: --provision):`
    : `Make the roles${named} that are not there yet:`;
  const example = `  ${psql} -c 'CREATE ROLE "NAME" LOGIN'`;
  return `${others}\n\n${(commands.length === 0 ? [example] : commands).join('\n')}`;
}

/** @param target undefined: no server runs with this file. */
function formatPlace(place: HBAPlace, line: string, target: Target | undefined): string {
  const where =
    place.above === undefined
      ? `at the end of ${place.file}`
      : `above line ${place.above} of ${place.file}, which would take its logins`;
  const command = insert(place, line);
  return target === undefined
    ? `Write this line ${where}; no server that runs reads it now, so make its roles later:\n\n${command}`
    : `Write this line ${where}, and have it read:\n\n${command}\n${reload(target)}`;
}

function insert({ file, above }: HBAPlace, line: string): string {
  // sed takes a backslash for its own.
  return above === undefined
    ? // The file's last line may have no end, or end in a backslash that joins it to the next one.
      `  printf '\\n%s\\n' ${shellQuote(line)} >>${shellQuote(file)}`
    : `  sed -i ${shellQuote(`${above}i ${line.replaceAll('\\', '\\\\')}`)} ${shellQuote(file)}`;
}

function reload({ psql }: Target): string {
  return `  ${psql} -c 'SELECT pg_reload_conf()'`;
}

const PSQL = 'runuser -u postgres -- psql';
/** Where psql looks by itself, as Debian and others build it. */
const USUAL_FOLDERS: readonly string[] = ['/var/run/postgresql', '/run/postgresql'];
const USUAL_PORT = 5432;

function targetOf(server: LocalServer | undefined, isOnly: boolean): Target {
  if (server === undefined) {
    return { named: '', psql: PSQL };
  }
  const { port, socketFolder } = server;
  const isUsual = USUAL_FOLDERS.includes(socketFolder);
  const host = isUsual ? '' : ` -h ${shellQuote(socketFolder)}`;
  return {
    named: isOnly ? '' : ` of the server on port ${port}`,
    psql: `${PSQL}${host}${isUsual && isOnly && port === USUAL_PORT ? '' : ` -p ${port}`}`,
  };
}
