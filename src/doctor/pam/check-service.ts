// A PAM service: its file, the lines that call pgtoken, and whether the rest of the stack leaves the decision to it.
import { basename, join } from 'node:path';
import { checkModuleLine, type ServiceTerms } from './check-module-line.ts';
import { DENIALS, findSuccess, isOurModule } from './evaluate-stack.ts';
import { checkLinks } from '../host/check-links.ts';
import { fault, ok, type Finding } from '../finding.ts';
import { type ModuleOptions, parseModuleOptions } from './module-options.ts';
import { type PAMFile, type PAMLine, parsePAMService } from './parse-pam-service.ts';
import { findObstacle } from '../host/permissions.ts';
import { formatMode } from '../../format-mode.ts';
import type { Host } from '../host/host.ts';
import type { Account } from '../host/account.ts';

/** What a service needs of the rest of the host. */
export interface ExaminedService {
  readonly findings: readonly Finding[];
  /** The options of its auth line; undefined when it has none that works. */
  readonly options: ModuleOptions | undefined;
  /** The modules of ours that it names, as written. */
  readonly modules: readonly string[];
}

/** pam_exec.so hands over no more. */
const PAM_EXEC_BYTES = 511;
const EXAMPLE = '\n  auth     required  pam_pgtoken.so\n  account  required  pam_pgtoken.so';

/** @param name as in `pamservice=`. */
export function checkService(
  name: string,
  terms: ServiceTerms,
  host: Pick<Host, 'files' | 'uid'>,
): ExaminedService {
  const { folders } = terms;
  const nothing = { options: undefined, modules: [] };
  const found = findServiceFile(name, folders, host);
  if (found === undefined) {
    const path = join(folders[0] ?? '', name);
    const status = host.files.status(path);
    const finding = status.ok
      ? fault('service-unreadable', path, 'it cannot be read', `Run:\n  chmod 0644 ${path}`)
      : fault(
          'service-missing',
          path,
          'no such file; every login to this service is denied',
          `Write it with two lines:${EXAMPLE}`,
        );
    return { findings: [finding], ...nothing };
  }
  const { path } = found;
  const service = parsePAMService(found, (other) => findServiceFile(other, folders, host));
  const auth = service.lines.filter(({ type }) => type === 'auth');
  const account = service.lines.filter(({ type }) => type === 'account');
  const ours = service.lines.filter(isOurModule);
  const paths = [...new Set([path, ...service.lines.map(({ file }) => file)])];
  const findings = [
    ...checkOwner(paths, host),
    ...checkLinks('service-unlinked', paths, host),
    ...paths.flatMap((one) => checkReader(one, terms.user, host)),
    ...service.problems.map(({ file, line, reason }) =>
      fault('service-syntax', `${file}:${line}`, reason, 'Correct the line; see pam.conf(5).'),
    ),
    ...auth.filter(isPamExec).map((line) => explainPamExec(line, terms)),
    ...checkAuth(path, auth),
    ...checkAccount(path, auth, account),
    ...ours.flatMap((line) => checkModuleLine(line, terms, host)),
  ];
  const [line] = auth.filter(isOurModule);
  const parsed = line === undefined ? undefined : parseModuleOptions(line.args);
  const options = typeof parsed === 'string' ? undefined : parsed;
  if (findings.every(({ level }) => level !== 'failure') && options !== undefined) {
    const target = options.mode === 'daemon' ? `asks ${options.socket}` : `runs ${options.helper}`;
    findings.push(ok('service', path, `auth and account by pam_pgtoken.so, which ${target}`));
  }
  return { findings, options, modules: [...new Set(ours.map(({ module }) => module))] };
}

/** @returns the first file of that name along the folders. libpam knows services by lower case. */
export function findServiceFile(
  name: string,
  folders: readonly string[],
  { files }: Pick<Host, 'files'>,
): PAMFile | undefined {
  const paths = name.startsWith('/') ? [name] : folders.map((folder) => join(folder, name));
  for (const path of paths) {
    const text = files.readText(path);
    if (text.ok) {
      return { path, text: text.value };
    }
  }
  return undefined;
}

function checkOwner(
  paths: readonly string[],
  { files, uid }: Pick<Host, 'files' | 'uid'>,
): Finding[] {
  return paths.flatMap((path) => {
    const status = files.status(path);
    const loose =
      status.ok && ((status.value.mode & 0o022) !== 0 || ![0, uid].includes(status.value.uid));
    return loose
      ? [
          fault(
            'service-writable',
            path,
            `mode ${formatMode(status.value.mode)}, owner ${status.value.uid}: others than root may write it, and so decide who logs in`,
            `Run:\n  chown root ${path} && chmod go-w ${path}`,
          ),
        ]
      : [];
  });
}

function checkReader(
  path: string,
  user: Account | undefined,
  { files }: Pick<Host, 'files'>,
): Finding[] {
  const obstacle = user === undefined ? undefined : findObstacle(path, user, 'read', files);
  return obstacle === undefined
    ? []
    : [
        fault(
          'service-unreadable',
          path,
          `mode ${formatMode(obstacle.status.mode)} of ${obstacle.path} keeps user ${user?.name ?? ''} from reading it`,
          `Run:\n  chmod a+r${obstacle.path === path ? '' : 'x'} ${obstacle.path}`,
        ),
      ];
}

function isPamExec(line: PAMLine): boolean {
  return basename(line.module) === 'pam_exec.so' && line.args.some((arg) => /pgtoken/.test(arg));
}

function explainPamExec(line: PAMLine, { maxTokenBytes }: ServiceTerms): Finding {
  const subject = place(line);
  if (!line.args.includes('expose_authtok')) {
    return fault(
      'service-truncates',
      subject,
      'pam_exec.so without expose_authtok hands over no token at all',
      `Write:${EXAMPLE}`,
    );
  }
  const short = maxTokenBytes !== undefined && maxTokenBytes <= PAM_EXEC_BYTES;
  return fault(
    short ? 'service-truncates-long' : 'service-truncates',
    subject,
    `pam_exec.so hands over at most ${PAM_EXEC_BYTES} bytes of a token and says nothing about the rest; most tokens are longer`,
    short
      ? `Every issuer has token.maxBytes of at most ${PAM_EXEC_BYTES}; for longer tokens use pam_pgtoken.so.`
      : 'Use the module that does not:\n  auth     required  pam_pgtoken.so mode=exec\n  account  required  pam_pgtoken.so mode=exec',
  );
}

/** Whether a service asks pgtoken about logins. */
export function usesPgtoken(
  name: string,
  folders: readonly string[],
  host: Pick<Host, 'files'>,
): boolean {
  const found = findServiceFile(name, folders, host);
  return (
    found !== undefined &&
    parsePAMService(found, (other) => findServiceFile(other, folders, host)).lines.some(decides)
  );
}

/** Whether pgtoken gives the answer of a line. */
function decides(line: PAMLine): boolean {
  return isOurModule(line) || isPamExec(line);
}

function checkAuth(path: string, auth: readonly PAMLine[]): Finding[] {
  if (!auth.some(decides)) {
    return [
      fault(
        'service-no-auth',
        path,
        'no auth line with pam_pgtoken.so: no token is ever looked at',
        `Write:${EXAMPLE}`,
      ),
    ];
  }
  for (const denial of DENIALS) {
    const way = findSuccess(auth, decides, [denial]);
    const [cause] = way ?? [];
    if (cause !== undefined) {
      return [
        fault(
          'service-bypassed',
          place(cause),
          `auth ${cause.control} ${basename(cause.module)} lets in whom pgtoken has not granted (${denial})`,
          'Leave pam_pgtoken.so alone in the auth lines, with control required.',
        ),
      ];
    }
  }
  return findSuccess(auth, decides, ['success']) === undefined
    ? [
        fault(
          'service-blocked',
          path,
          'nobody gets in, whatever pgtoken decides: another auth line denies',
          'Leave pam_pgtoken.so alone in the auth lines, with control required.',
        ),
      ]
    : [];
}

function checkAccount(
  path: string,
  auth: readonly PAMLine[],
  account: readonly PAMLine[],
): Finding[] {
  if (findSuccess(account, isOurModule, ['success']) === undefined) {
    const seen = account.length === 0 ? 'no account line' : 'the account lines let nobody in';
    return [
      fault(
        'service-no-account',
        path,
        `${seen}: PostgreSQL refuses the login after the token was granted`,
        'Write (beside pam_exec.so with pam_permit.so):\n  account  required  pam_pgtoken.so',
      ),
    ];
  }
  return auth.some(isOurModule) && !account.some(isOurModule)
    ? [
        fault(
          'service-account-unchecked',
          path,
          'no account line with pam_pgtoken.so: the account check does not depend on the grant',
          'Write in place of the other account lines:\n  account  required  pam_pgtoken.so',
        ),
      ]
    : [];
}

function place({ file, line }: PAMLine): string {
  return `${file}:${line}`;
}
