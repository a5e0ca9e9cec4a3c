// Loads issuers.yaml and everything it points to, and checks what can only be checked with that in hand.
import { dirname, resolve } from 'node:path';
import type { ValidParts } from '../config/find-valid-parts.ts';
import type { Locate } from '../config/yaml/locate.ts';
import { parseConfig } from '../config/parse-config.ts';
import { type Problem, type ReportProblem, sortProblems } from '../config/problems.ts';
import { readTrustedFile } from '../files/read-trusted-file.ts';
import type { Configuration, IssuerConfiguration } from '../config/schema/schema.ts';
import { compileRoleRules } from '../roles/compile-role-rules.ts';
import { compileValidationRules } from '../verify/checks/compile-validation-rules.ts';
import { loadRuleTools } from './compile-issuer.ts';
import { compilePolicy } from './compile-policy.ts';
import { fileHint } from './file-hint.ts';
import { MAX_CONFIG_BYTES } from './limits.ts';
import { loadKeySource } from './load-key-source.ts';
import type { Policy } from './policy.ts';

/** A policy, or all that is wrong with the files that should have made it. */
export type LoadedPolicy = (
  | {
      readonly ok: true;
      readonly policy: Policy;
      /** The text of the configuration file. */
      readonly text: string;
      /** What the text says, and where. */
      readonly config: Configuration;
      readonly locate: Locate;
    }
  | { readonly ok: false; readonly problems: readonly Problem[] }
) & {
  /** Every file it was made of, as far as that is known: a change of one of them calls for loading again. */
  readonly files: readonly string[];
};

/**
 * Loads a configuration file.
 *
 * Every file it names is read here and now, relative to its folder, and must be writable by its owner alone, who must
 * be root or the user of this process. Nothing is fetched.
 */
export async function loadPolicy(path: string): Promise<LoadedPolicy> {
  const file = readTrustedFile(path, { maxBytes: MAX_CONFIG_BYTES });
  if (!file.ok) {
    const message = `cannot be used: ${file.reason}`;
    const hint =
      file.fault === 'missing'
        ? 'Check the path. pgtoken init writes the file for a known kind of issuer; docs/reference/configuration.md has all of its keys.'
        : fileHint(file);
    const problem = { path: [], message, hint, line: 1, column: 1 };
    return { ok: false, problems: [problem], files: [path] };
  }
  const parsed = parseConfig(file.text);
  const problems: Problem[] = [];
  const report: ReportProblem = (at, message, hint) => {
    problems.push({ path: at, message, hint, ...parsed.locate(at) });
  };
  if (!parsed.ok) {
    // What is sound is checked further, so that everything that is wrong is said at once.
    for (const parts of parsed.sound) {
      await checkParts(parts, dirname(path), (below, message, hint) => {
        report(['issuers', parts.index, ...below], message, hint);
      });
    }
    return { ok: false, problems: sortProblems([...parsed.problems, ...problems]), files: [path] };
  }
  const { config, locate } = parsed;
  const policy = await compilePolicy(config, dirname(path), report);
  const files = [path, ...config.issuers.flatMap((entry) => filesOf(entry, dirname(path)))];
  return problems.length > 0
    ? { ok: false, problems: sortProblems(problems), files }
    : { ok: true, policy, text: file.text, config, locate, files };
}

/** Not the token that keys are asked for with: it is read for each retrieval. */
function filesOf({ keys, issuer }: IssuerConfiguration, folder: string): string[] {
  return [
    keys?.jwksFile,
    keys?.publicKeysFile,
    keys?.spiffeBundleFile,
    issuer.certificateAuthorityFile,
  ]
    .filter((name) => name !== undefined)
    .map((name) => resolve(folder, name));
}

/** Checks what can be checked of an entry that is wrong somewhere else. */
async function checkParts(parts: ValidParts, folder: string, report: ReportProblem): Promise<void> {
  const { issuer, keys, rules, validationRules } = parts;
  await loadKeySource(issuer, keys, folder, report);
  const tools = await loadRuleTools({
    roles: rules.map(({ rule }) => rule),
    claimValidationRules: validationRules.map(({ rule }) => rule),
  });
  for (const { index, rule } of rules) {
    compileRoleRules([rule], tools, ([, ...below], message, hint) => {
      report(['roles', index, ...below], message, hint);
    });
  }
  for (const { index, rule } of validationRules) {
    compileValidationRules([rule], tools.compilePattern, ([, ...below], message, hint) => {
      report(['claimValidationRules', index, ...below], message, hint);
    });
  }
}
