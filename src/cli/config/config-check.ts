// `pgtoken config check`: all problems of a configuration file, or what is dangerous about one without problems.
import { resolve } from 'node:path';
import { findWarnings } from '../../lint/find-warnings.ts';
import { loadPolicy } from '../../policy/load-policy.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Locate } from '../../config/yaml/locate.ts';
import { NO_ISSUER } from '../../config/checks/no-issuer.ts';
import { formatMessage, formatPath, type Problem } from '../../config/problems.ts';
import { readBearerToken } from '../../issuers/read-bearer-token.ts';
import { createHostAccounts } from '../../doctor/host/host-accounts.ts';
import { hostFiles } from '../../doctor/host/host-files.ts';
import { loadPolicyAs } from '../../doctor/issuers/load-policy-as.ts';
import { nameUsers } from '../../doctor/host/name-users.ts';
import { listServices, PAM_FOLDERS } from '../../doctor/pam/list-services.ts';
import { runCommand } from '../../doctor/host/run-command.ts';
import { lookAs } from '../../doctor/host/with-effective-user.ts';
import type { Accounts } from '../../doctor/host/host.ts';
import type { Account } from '../../doctor/host/account.ts';
import { chooseReader, type ReaderChoice } from '../choose-reader.ts';
import { formatJSON } from '../output/format-json.ts';
import { count, formatWithHint } from '../output/report.ts';

/** The options of `pgtoken config check`. */
export interface ConfigCheckOptions {
  readonly json: boolean;
  /** Whether warnings count as problems. */
  readonly strict: boolean;
  /** Whose eyes to look with; undefined: the daemon's, where root asks. */
  readonly user?: string;
  /** Where PAM services are; undefined: where libpam looks. */
  readonly pamDir?: string;
}

/** What there is to say of a file. */
interface Report {
  /** Whose eyes it was looked at with; undefined: those of whoever asks. */
  readonly user: string | undefined;
  readonly issuers: readonly string[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** What could not be checked here. */
  readonly note: string | undefined;
}

/** Checks a file and prints what there is to say to standard output. @returns the exit status: 0, 1, or 2 for wrong usage. */
export async function checkConfigFile(file: string, options: ConfigCheckOptions): Promise<number> {
  const accounts = createHostAccounts(runCommand);
  const choice = await chooseReader(resolve(file), options.user, accounts);
  if (typeof choice === 'string') {
    process.stderr.write(
      `pgtoken: --user: ${choice}\nHINT: Run this as root, and name the user that pgtoken runs as.\n`,
    );
    return 2;
  }
  const folders = options.pamDir === undefined ? PAM_FOLDERS : [options.pamDir];
  const services = listServices(folders, { files: hostFiles });
  const report = await nameAll(await examine(file, choice, services), accounts);
  const { problems, warnings } = report;
  const passed = problems.length === 0 && (warnings.length === 0 || !options.strict);
  process.stdout.write(
    options.json ? formatJSON(describe(file, passed, report)) : formatReport(file, passed, report),
  );
  if (!passed && !options.json) {
    const wrong = [
      ...(problems.length === 0 ? [] : [count(problems.length, 'problem')]),
      ...(warnings.length === 0 ? [] : [count(warnings.length, 'warning')]),
    ];
    process.stderr.write(`pgtoken: ${file}: ${wrong.join(', ')}\n`);
  }
  return passed ? 0 : 1;
}

async function examine(
  file: string,
  { account, absent }: ReaderChoice,
  services: readonly string[],
): Promise<Report> {
  const user = account?.name;
  const note =
    absent === undefined
      ? undefined
      : `user ${absent.name}, who decides logins, may not enter the folder of this file; whether that user may read it is seen in its place`;
  const loaded = await (account === undefined ? loadPolicy(file) : loadPolicyAs(file, account));
  if (!loaded.ok) {
    return { user, issuers: [], problems: loaded.problems, warnings: [], note };
  }
  const { policy, locate } = loaded;
  const path = ['issuers'];
  return {
    user,
    issuers: policy.issuers.map((issuer) => issuer.name),
    // The daemon takes it, as the package brings it so; but whoever asks wants to know whether anybody can log in.
    problems: policy.issuers.length === 0 ? [{ path, ...NO_ISSUER, ...locate(path) }] : [],
    warnings: [
      ...(await findWarnings(policy, locate, { services })),
      ...findUnreadableTokens(policy, locate, account),
    ],
    note,
  };
}

/** A token to ask with may come later, but the usual reason for none is a wrong path or a wrong owner. */
function findUnreadableTokens(
  policy: Policy,
  locate: Locate,
  account: Account | undefined,
): Problem[] {
  return policy.issuers.flatMap(({ keySource, review }, index) => {
    const files = [
      {
        key: 'keys.bearerTokenFile',
        file: keySource.kind === 'remote' ? keySource.bearerTokenFile : undefined,
        hint: 'Check it as the user that runs pgtoken; keys cannot be retrieved without it.',
      },
      {
        key: 'review.bearerTokenFile',
        file: review?.bearerTokenFile,
        hint: 'Check it as the user that runs pgtoken; the API server cannot be asked without it.',
      },
    ] as const;
    return files.flatMap(({ key, file, hint }) => {
      const read = () => readBearerToken(file, key);
      const bearer = account === undefined ? read() : lookAs(account, read);
      const path = ['issuers', index, ...key.split('.')];
      return bearer.ok ? [] : [{ path, message: `now ${bearer.reason}`, hint, ...locate(path) }];
    });
  });
}

/** With names of users where the messages have numbers. */
async function nameAll(report: Report, accounts: Accounts): Promise<Report> {
  const name = async (problems: readonly Problem[]): Promise<readonly Problem[]> =>
    Promise.all(
      problems.map(async (problem) => ({
        ...problem,
        message: await nameUsers(problem.message, accounts),
      })),
    );
  return {
    ...report,
    problems: await name(report.problems),
    warnings: await name(report.warnings),
  };
}

function formatReport(
  file: string,
  passed: boolean,
  { issuers, problems, warnings, note }: Report,
): string {
  const lines = [
    ...problems.map((problem) => formatWithHint(file, problem)),
    ...warnings.map((warning) => formatWithHint(file, warning, 'warning: ')),
    ...(note === undefined ? [] : [`${file}: note: ${note}\n`]),
  ];
  if (passed) {
    lines.push(
      `${file}: ok, ${count(issuers.length, 'issuer')}: ${issuers.join(', ')}${warnings.length === 0 ? '' : `; ${count(warnings.length, 'warning')}`}\n`,
    );
  }
  return lines.join('');
}

function place(problem: Problem): object {
  const { path, line, column, hint } = problem;
  return {
    line,
    column,
    path: formatPath(path),
    message: formatMessage(problem),
    hint: hint ?? null,
  };
}

/** For scripts; members are added, never renamed. */
function describe(
  file: string,
  ok: boolean,
  { user, issuers, problems, warnings, note }: Report,
): object {
  return {
    file,
    ok,
    user: user ?? null,
    issuers,
    problems: problems.map(place),
    warnings: warnings.map(place),
    note: note ?? null,
  };
}
