// The configuration: that it is there, whose it is, and everything that is wrong inside.
import type { Policy } from '../../policy/policy.ts';
import { NO_ISSUER } from '../../config/checks/no-issuer.ts';
import { formatProblem, type Problem } from '../../config/problems.ts';
import { checkLinks } from '../host/check-links.ts';
import { fault, ok, type Finding } from '../finding.ts';
import { nameUsers } from '../host/name-users.ts';
import { findLooseFolder, findObstacle } from '../host/permissions.ts';
import { formatMode } from '../../format-mode.ts';
import type { FileStatus, Host } from '../host/host.ts';
import type { Account } from '../host/account.ts';

/** What is known of the configuration. */
export interface ExaminedConfig {
  readonly findings: readonly Finding[];
  /** Undefined when it cannot be used. */
  readonly policy: Policy | undefined;
}

/** @param readers who must be able to read it: the daemon's user, or the server's in mode=exec. */
export async function checkConfig(
  path: string,
  readers: readonly Account[],
  host: Pick<Host, 'files' | 'accounts' | 'uid' | 'loadPolicy'>,
): Promise<ExaminedConfig> {
  const status = host.files.status(path);
  if (!status.ok) {
    const finding = status.missing
      ? fault(
          'config-missing',
          path,
          'no such file',
          'Write it with pgtoken init, or name it with --config.',
        )
      : fault('config-unreadable', path, status.reason, 'Run this as root.');
    return { findings: [finding], policy: undefined };
  }
  const faults = [
    ...(await checkOwner(path, readers, host)),
    ...readers.flatMap((reader) => checkReader(path, reader, host)),
  ];
  if (faults.some((one) => one.fault === 'config-writable' || one.fault === 'config-owner')) {
    // It is read by nobody, so that its content does not matter yet.
    return { findings: faults, policy: undefined };
  }
  const { problems, unlinked, policy } = await loadForAll(path, status.value, readers, host);
  faults.push(...unlinked);
  if (policy === undefined || problems.length > 0) {
    return { findings: [...faults, ...problems], policy: undefined };
  }
  const names = policy.issuers.map(({ name }) => name).join(', ');
  const finding =
    names === ''
      ? fault('config-empty', path, NO_ISSUER.message, NO_ISSUER.hint)
      : ok('config', path, `issuers: ${names}`);
  return { findings: [...faults, finding], policy };
}

interface LoadedForAll {
  readonly problems: readonly Finding[];
  readonly unlinked: readonly Finding[];
  readonly policy: Policy | undefined;
}

/** Each reader may be kept from other files that it names. Where none can be asked, its owner reads it. */
async function loadForAll(
  path: string,
  { uid, gid }: FileStatus,
  readers: readonly Account[],
  { files, accounts, loadPolicy }: Pick<Host, 'files' | 'accounts' | 'loadPolicy'>,
): Promise<LoadedForAll> {
  const able = readers.filter((reader) => findObstacle(path, reader, 'read', files) === undefined);
  const problems = new Map<string, Finding>();
  const named = new Set([path]);
  let policy: Policy | undefined;
  for (const reader of able.length > 0 ? able : [{ uid, gids: [gid] as const }]) {
    const loaded = await loadPolicy(path, reader);
    for (const file of loaded.files) {
      named.add(file);
    }
    if (loaded.ok) {
      policy = loaded.policy;
      continue;
    }
    for (const raw of loaded.problems) {
      const problem = { ...raw, message: await nameUsers(raw.message, accounts) };
      const shown = formatProblem(path, problem);
      const at = `${path}:${problem.line}:${problem.column}`;
      const hint = hintFor(problem, path);
      problems.set(shown, fault('config-invalid', at, shown.slice(at.length + 2), hint));
    }
  }
  for (const { keySource, review } of policy?.issuers ?? []) {
    if (review !== undefined) {
      named.add(review.bearerTokenFile);
    }
    if (keySource.kind === 'remote' && keySource.bearerTokenFile !== undefined) {
      named.add(keySource.bearerTokenFile);
    }
  }
  const unlinked = checkLinks('config-unlinked', [...named], { files });
  return { problems: [...problems.values()], unlinked, policy };
}

async function checkOwner(
  path: string,
  readers: readonly Account[],
  { files, accounts, uid }: Pick<Host, 'files' | 'accounts' | 'uid'>,
): Promise<Finding[]> {
  const status = files.status(path);
  if (!status.ok) {
    return [];
  }
  // Root, or the one who reads it; where that is nobody known, the user of this check.
  const [reader = { uid }, ...others] = readers;
  const isShared = others.some((other) => other.uid !== reader.uid);
  const trusted = new Set(isShared ? [0] : [0, reader.uid]);
  const findings: Finding[] = [];
  if ((status.value.mode & 0o022) !== 0) {
    findings.push(
      fault(
        'config-writable',
        path,
        `mode ${formatMode(status.value.mode)} lets others than its owner write it; expected 0644 or less`,
        `Run:\n  chmod go-w ${path}`,
      ),
    );
  }
  if (!trusted.has(status.value.uid)) {
    findings.push(
      fault(
        'config-owner',
        path,
        `it belongs to ${await accounts.nameOfUser(status.value.uid)}; expected root`,
        `Run:\n  chown root ${path}`,
      ),
    );
  }
  const loose = findLooseFolder(path, trusted, files);
  if (loose !== undefined) {
    const owner = await accounts.nameOfUser(loose.status.uid);
    findings.push(
      fault(
        'config-folder-writable',
        loose.path,
        `owner ${owner}, mode ${formatMode(loose.status.mode)}: others than root could replace what is in it`,
        `Run:\n  chown root ${loose.path} && chmod go-w ${loose.path}`,
      ),
    );
  }
  return findings;
}

function checkReader(path: string, reader: Account, { files }: Pick<Host, 'files'>): Finding[] {
  const obstacle = findObstacle(path, reader, 'read', files);
  if (obstacle === undefined) {
    return [];
  }
  const mode = formatMode(obstacle.status.mode);
  return [
    fault(
      'config-unreadable',
      obstacle.path,
      `mode ${mode} keeps user ${reader.name} from reading ${path}`,
      obstacle.path === path
        ? `Nothing in it is secret: chmod 0644 ${path}`
        : `Run:\n  chmod go+x ${obstacle.path}`,
    ),
  ];
}

function hintFor({ path: at, message }: Problem, path: string): string {
  if (at.includes('certificateAuthorityFile') && !/chmod|may not read/.test(message)) {
    return "Put the certificate of the authority that signed the issuer's there, in PEM.";
  }
  if (message.includes('no such file')) {
    return 'Put the file there, or correct its name; a relative one counts from the folder of the configuration.';
  }
  if (message.includes('may not read it')) {
    return 'Let this user read it and enter the folders above it; if that is yourself, run this as root.';
  }
  if (message.includes('owned by user')) {
    return 'Give it to root; or, where it may belong to its reader, run this as root.';
  }
  if (message.includes('chmod go-w')) {
    return 'Take the right to write away from group and others: chmod go-w.';
  }
  return `Correct it, then run:\n  pgtoken config check ${path}`;
}
