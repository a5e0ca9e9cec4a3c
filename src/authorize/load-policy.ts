// Loads issuers.yaml and everything it points to, and checks what can only be checked with that in hand.
import { dirname, resolve } from 'node:path';
import { parseConfig, type SoundParts, sortProblems } from '../config/parse-config.ts';
import type { ConfigPath, Problem } from '../config/problems.ts';
import { readTrustedFile } from '../config/read-trusted-file.ts';
import type { IssuerConfiguration, IssuerPart, KeysPart, RoleRule } from '../config/schema.ts';
import { defaultDiscoveryURL } from '../issuers/fetch-key-set.ts';
import { type KeySet, MAX_DOCUMENT_VALUES, parseKeySet } from '../keys/parse-key-set.ts';
import { parseJSONObject } from '../parse-json-object.ts';
import { type CompilePattern, compileRoleRules } from '../roles/compile-role-rules.ts';
import type { Issuer, KeySource, Policy } from './policy.ts';

/** A policy, or all that is wrong with the files that should have made it. */
export type LoadedPolicy = (
  | {
      readonly ok: true;
      readonly policy: Policy;
      /** The text of the configuration file. */
      readonly text: string;
    }
  | { readonly ok: false; readonly problems: readonly Problem[] }
) & {
  /** Every file it was made of, as far as that is known: a change of one of them calls for loading again. */
  readonly files: readonly string[];
};

const MAX_CONFIG_BYTES = 1024 * 1024;
const MAX_REFERENCED_BYTES = 1024 * 1024;
/** What no entry can exceed. */
const MAX_TOKEN_BYTES = 65_535;

/** Reports one problem at a place of the configuration. */
type Report = (path: ConfigPath, message: string) => void;

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
    return { ok: false, problems: [{ path: [], message, line: 1, column: 1 }], files: [path] };
  }
  const parsed = parseConfig(file.text);
  const problems: Problem[] = [];
  const createReport =
    (index: number): Report =>
    (below, message) => {
      const at = ['issuers', index, ...below];
      problems.push({ path: at, message, ...parsed.locate(at) });
    };
  if (!parsed.ok) {
    // What is sound is checked further, so that everything that is wrong is said at once.
    for (const parts of parsed.sound) {
      await checkParts(parts, dirname(path), createReport(parts.index));
    }
    return { ok: false, problems: sortProblems([...parsed.problems, ...problems]), files: [path] };
  }
  const { config } = parsed;
  const compilePattern = await loadCompilePattern(config.issuers.flatMap((entry) => entry.roles));
  const issuers: Issuer[] = [];
  for (const [index, entry] of config.issuers.entries()) {
    const report = createReport(index);
    issuers.push({
      name: entry.name,
      entry,
      keySource: await loadKeySource(entry.issuer, entry.keys, dirname(path), report),
      rolesOf: compileRoleRules(entry.roles, compilePattern, (below, message) => {
        report(['roles', ...below], message);
      }),
    });
  }
  const files = [path, ...config.issuers.flatMap((entry) => filesOf(entry, dirname(path)))];
  if (problems.length > 0) {
    return { ok: false, problems, files };
  }
  const policy = {
    issuers,
    protectedRoles: config.protectedRoles,
    // Without an entry it is not the length of a token that is wrong.
    maxTokenBytes:
      issuers.length === 0
        ? MAX_TOKEN_BYTES
        : Math.max(...config.issuers.map((entry) => entry.token.maxBytes)),
  };
  return { ok: true, policy, text: file.text, files };
}

function filesOf(entry: IssuerConfiguration, folder: string): string[] {
  return [entry.keys?.jwksFile, entry.issuer.certificateAuthorityFile]
    .filter((name) => name !== undefined)
    .map((name) => resolve(folder, name));
}

/** The pattern library takes longer to load than a decision takes to make, so it is loaded only where it is used. */
async function loadCompilePattern(rules: readonly RoleRule[]): Promise<CompilePattern> {
  if (!rules.some((rule) => rule.pattern !== undefined)) {
    return () => undefined;
  }
  const { compilePattern } = await import('../config/pattern.ts');
  return compilePattern;
}

/** Checks what can be checked of an entry that is wrong somewhere else. */
async function checkParts(parts: SoundParts, folder: string, report: Report): Promise<void> {
  const { issuer, keys, rules } = parts;
  if (issuer !== undefined) {
    await loadKeySource(issuer, keys, folder, report);
  } else if (keys?.jwksFile !== undefined) {
    loadKeySetFile(resolve(folder, keys.jwksFile), report);
  }
  const compilePattern = await loadCompilePattern(rules.map(({ rule }) => rule));
  for (const { index, rule } of rules) {
    compileRoleRules([rule], compilePattern, ([, ...below], message) => {
      report(['roles', index, ...below], message);
    });
  }
}

async function loadKeySource(
  issuer: IssuerPart,
  keys: KeysPart,
  folder: string,
  report: Report,
): Promise<KeySource> {
  if (keys?.jwksFile !== undefined) {
    const keySet = loadKeySetFile(resolve(folder, keys.jwksFile), report);
    return { kind: 'pinned', keySet };
  }
  const certificateAuthority = await loadCertificateAuthority(issuer, folder, report);
  const location =
    keys?.jwksURI === undefined
      ? {
          kind: 'discovery' as const,
          issuerURL: issuer.url,
          discoveryURL: issuer.discoveryURL ?? defaultDiscoveryURL(issuer.url),
        }
      : { kind: 'jwks' as const, jwksURI: keys.jwksURI };
  return { kind: 'remote', location, certificateAuthority };
}

function loadKeySetFile(path: string, report: Report): KeySet {
  const at = ['keys', 'jwksFile'];
  const nothing = { keys: [] };
  const file = readTrustedFile(path, { maxBytes: MAX_REFERENCED_BYTES });
  if (!file.ok) {
    report(at, `Invalid value: ${path} cannot be used: ${file.reason}`);
    return nothing;
  }
  const document = parseJSONObject(Buffer.from(file.text), MAX_DOCUMENT_VALUES);
  if (typeof document === 'string') {
    report(at, `Invalid value: ${path} is no key set: ${document}`);
    return nothing;
  }
  const parsed = parseKeySet(document);
  if (typeof parsed === 'string') {
    report(at, `Invalid value: ${path} is no key set: ${parsed}`);
    return nothing;
  }
  for (const { index, reason } of parsed.rejected) {
    report(at, `Invalid value: ${path}: keys[${index}] is ${reason}`);
  }
  if (parsed.keySet.keys.length === 0 && parsed.rejected.length === 0) {
    report(at, `Invalid value: ${path} has no keys; expected at least one`);
  }
  return parsed.keySet;
}

async function loadCertificateAuthority(
  issuer: IssuerPart,
  folder: string,
  report: Report,
): Promise<string | undefined> {
  if (issuer.certificateAuthority !== undefined) {
    await checkCertificates(issuer.certificateAuthority, (reason) => {
      report(['issuer', 'certificateAuthority'], `Invalid value: ${reason}`);
    });
    return issuer.certificateAuthority;
  }
  if (issuer.certificateAuthorityFile === undefined) {
    return undefined;
  }
  const at = ['issuer', 'certificateAuthorityFile'];
  const path = resolve(folder, issuer.certificateAuthorityFile);
  const file = readTrustedFile(path, { maxBytes: MAX_REFERENCED_BYTES });
  if (!file.ok) {
    report(at, `Invalid value: ${path} cannot be used: ${file.reason}`);
    return undefined;
  }
  await checkCertificates(file.text, (reason) => {
    report(at, `Invalid value: ${path}: ${reason}`);
  });
  return file.text;
}

/** Checks that a text holds PEM certificates and nothing broken; whether they are the right ones, TLS will tell. */
async function checkCertificates(pem: string, report: (reason: string) => void): Promise<void> {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const begun = pem.match(/-----BEGIN /g) ?? [];
  if (blocks.length === 0) {
    report('no certificate in PEM; expected -----BEGIN CERTIFICATE-----');
  } else if (begun.length !== blocks.length) {
    // TLS would pass over it in silence, and over what stands behind it.
    report('a PEM block that is no whole certificate; expected certificates only');
  }
  for (const [index, block] of blocks.entries()) {
    if (!(await isCertificate(block))) {
      report(`certificate ${index + 1} cannot be read; expected X.509 in PEM`);
    }
  }
}

async function isCertificate(pem: string): Promise<boolean> {
  const { X509Certificate } = await import('node:crypto');
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
