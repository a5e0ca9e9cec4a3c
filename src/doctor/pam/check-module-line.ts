// One line of a PAM service that calls our module: options that the module takes, and that agree with the host.
import { fault, type Finding } from '../finding.ts';
import { DEFAULT_OPTIONS, type ModuleOptions, parseModuleOptions } from './module-options.ts';
import type { PAMLine } from './parse-pam-service.ts';
import { findObstacle } from '../host/permissions.ts';
import { formatMode } from '../../format-mode.ts';
import type { Host } from '../host/host.ts';
import type { Account } from '../host/account.ts';

/** What the host is expected to be like. */
export interface ServiceTerms {
  /** Where libpam looks, in this order. */
  readonly folders: readonly string[];
  /** What --socket named; undefined when it named nothing. */
  readonly socket: string | undefined;
  readonly config: string;
  /** The longest token that any issuer accepts; undefined when that is not known. */
  readonly maxTokenBytes: number | undefined;
  /** Who runs the module. */
  readonly user: Account | undefined;
}

/** The daemon answers within this time unless told otherwise, in seconds. */
const DAEMON_DEADLINE = 4;

/** @param line of pam_pgtoken.so. */
export function checkModuleLine(
  line: PAMLine,
  terms: ServiceTerms,
  { files }: Pick<Host, 'files'>,
): Finding[] {
  const subject = `${line.file}:${line.line}`;
  const options = parseModuleOptions(line.args);
  if (typeof options === 'string') {
    return [
      fault(
        'service-option',
        subject,
        `pam_pgtoken.so: ${options}; nobody logs in`,
        'Correct the option; docs/start/pam.md has all of them.',
      ),
    ];
  }
  if (line.type === 'account') {
    return [];
  }
  return options.mode === 'daemon'
    ? checkDaemonOptions(subject, options, terms)
    : checkExecOptions(subject, options, terms, files);
}

function checkDaemonOptions(
  subject: string,
  options: ModuleOptions,
  { socket }: ServiceTerms,
): Finding[] {
  const findings: Finding[] = [];
  if (socket !== undefined && socket !== options.socket) {
    findings.push(
      fault(
        'service-socket',
        subject,
        `the module asks at ${options.socket}; expected ${socket} (--socket)`,
        `Write socket=${socket} in both lines${socket === DEFAULT_OPTIONS.socket ? ', or leave it out' : ''}.`,
      ),
    );
  }
  if (options.timeout <= DAEMON_DEADLINE) {
    findings.push(
      fault(
        'service-timeout',
        subject,
        `timeout=${options.timeout} is not above the daemon's deadline, ${DAEMON_DEADLINE} s unless it is told otherwise`,
        `Write timeout=${DAEMON_DEADLINE + 1}, or start the daemon with a --deadline below ${options.timeout}s.`,
      ),
    );
  }
  return findings;
}

function checkExecOptions(
  subject: string,
  options: ModuleOptions,
  { config, user }: ServiceTerms,
  files: Host['files'],
): Finding[] {
  const findings: Finding[] = [];
  const helper = files.status(options.helper);
  const obstacle =
    user === undefined ? undefined : findObstacle(options.helper, user, 'execute', files);
  if (!helper.ok || helper.value.kind !== 'file') {
    findings.push(
      fault(
        'service-helper',
        subject,
        `helper=${options.helper}: ${helper.ok ? 'expected a file' : helper.reason}`,
        'Name the command by its absolute path: helper=/usr/bin/pgtoken.',
      ),
    );
  } else if (obstacle !== undefined) {
    findings.push(
      fault(
        'service-helper',
        subject,
        `user ${user?.name ?? ''} may not run helper=${options.helper}: mode ${formatMode(obstacle.status.mode)} of ${obstacle.path}`,
        `Run:\n  chmod a+rx ${obstacle.path}`,
      ),
    );
  }
  if (options.config !== config) {
    findings.push(
      fault(
        'service-config',
        subject,
        `logins are decided by ${options.config}; examined was ${config}`,
        `Run this with --config ${options.config}, or change config= of the line.`,
      ),
    );
  }
  return findings;
}
