// A policy of a text as issuers.yaml has it, whose entries have no keys.
import { parseConfig } from '../../src/config/parse-config.ts';
import { compileIssuer } from '../../src/policy/compile-issuer.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { RULE_TOOLS } from './rule-tools.ts';

/** Throws where something is wrong with it. */
export function policyOf(text: string): Policy {
  const parsed = parseConfig(text);
  if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join('\n'));
  const { servers, protectedRoles, issuers } = parsed.config;
  const keySource = { kind: 'pinned', keySet: { keys: [] } } as const;
  return {
    issuers: issuers.map((entry) =>
      compileIssuer(entry, keySource, protectedRoles, RULE_TOOLS, (_, message) => {
        throw new Error(message);
      }),
    ),
    servers,
    protectedRoles,
    maxTokenBytes: 16_384,
  };
}
