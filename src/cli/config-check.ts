// `pgtoken config check`: all problems of a configuration file, or what is dangerous about one without problems.
import { findWarnings } from '../authorize/find-warnings.ts';
import { loadPolicy } from '../authorize/load-policy.ts';
import type { Policy } from '../authorize/policy.ts';
import type { Locate } from '../config/locate.ts';
import { formatMessage, formatPath, type Problem } from '../config/problems.ts';
import { readBearerToken } from '../issuers/read-bearer-token.ts';
import { formatJSON } from './format-json.ts';
import { count, formatWithHint } from './report.ts';

/** The options of `pgtoken config check`. */
export interface ConfigCheckOptions {
  readonly json: boolean;
  /** Whether warnings count as problems. */
  readonly strict: boolean;
}

/** What there is to say of a file. */
interface Report {
  readonly issuers: readonly string[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Checks a file and prints what there is to say to standard output. @returns the exit status, 0 or 1. */
export async function checkConfigFile(file: string, options: ConfigCheckOptions): Promise<number> {
  const report = await examine(file);
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

async function examine(file: string): Promise<Report> {
  const loaded = await loadPolicy(file);
  if (!loaded.ok) {
    return { issuers: [], problems: loaded.problems, warnings: [] };
  }
  const { policy, locate } = loaded;
  return {
    issuers: policy.issuers.map((issuer) => issuer.name),
    problems: [],
    warnings: [...(await findWarnings(policy, locate)), ...findUnreadableTokens(policy, locate)],
  };
}

/** A token to ask for keys with may come later, but the usual reason for none is a wrong path or a wrong owner. */
function findUnreadableTokens(policy: Policy, locate: Locate): Problem[] {
  return policy.issuers.flatMap(({ keySource }, index) => {
    const bearer = readBearerToken(
      keySource.kind === 'remote' ? keySource.bearerTokenFile : undefined,
    );
    const path = ['issuers', index, 'keys', 'bearerTokenFile'];
    return bearer.ok
      ? []
      : [
          {
            path,
            message: `now ${bearer.reason}`,
            hint: 'Check it as the user that runs pgtoken; keys cannot be retrieved without it.',
            ...locate(path),
          },
        ];
  });
}

function formatReport(
  file: string,
  passed: boolean,
  { issuers, problems, warnings }: Report,
): string {
  const lines = [
    ...problems.map((problem) => formatWithHint(file, problem)),
    ...warnings.map((warning) => formatWithHint(file, warning, 'warning: ')),
  ];
  if (passed) {
    lines.push(
      `${file}: ok, ${count(issuers.length, 'issuer')}: ${issuers.length === 0 ? 'nobody can log in' : issuers.join(', ')}${warnings.length === 0 ? '' : `; ${count(warnings.length, 'warning')}`}\n`,
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
function describe(file: string, ok: boolean, { issuers, problems, warnings }: Report): object {
  return { file, ok, issuers, problems: problems.map(place), warnings: warnings.map(place) };
}
