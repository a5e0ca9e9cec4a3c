// Makes a policy of a configuration: loads everything it points to, and checks what can only be checked with that in hand.
import type { ReportProblem } from '../config/problems.ts';
import type { Configuration } from '../config/schema/schema.ts';
import { MAX_TOKEN_BYTES } from '../verify/parse-token.ts';
import { compileIssuer, loadRuleTools } from './compile-issuer.ts';
import { loadKeySource } from './load-key-source.ts';
import { loadReview } from './load-review.ts';
import type { Policy } from './policy.ts';

/** Milliseconds after which others have their turn: hundreds of entries take longer than a login should wait. */
const SLICE = 5;

/**
 * Compiles a configuration, an entry at a time.
 *
 * @param folder that of issuers.yaml, from which relative paths count.
 * @param report told of what is wrong; the result must not be used then.
 */
export async function compilePolicy(
  config: Configuration,
  folder: string,
  report: ReportProblem,
): Promise<Policy> {
  const protectedRoles = [...new Set([...config.protectedRoles, ...ownRolesOf(config)])];
  const issuers = [];
  let since = performance.now();
  for (const [index, entry] of config.issuers.entries()) {
    if (performance.now() - since > SLICE) {
      await new Promise((resolve) => setImmediate(resolve));
      since = performance.now();
    }
    const reportEntry: ReportProblem = (below, message, hint) => {
      report(['issuers', index, ...below], message, hint);
    };
    const keySource = await loadKeySource(entry.issuer, entry.keys, folder, reportEntry);
    const tools = await loadRuleTools(entry);
    issuers.push({
      ...compileIssuer(entry, keySource, protectedRoles, tools, reportEntry),
      review: loadReview(entry, keySource, folder, reportEntry),
    });
  }
  return {
    issuers,
    servers: config.servers,
    protectedRoles,
    // Without an entry it is not the length of a token that is wrong.
    maxTokenBytes:
      issuers.length === 0
        ? MAX_TOKEN_BYTES
        : Math.max(...config.issuers.map((entry) => entry.token.maxBytes)),
  };
}

/** The roles that the daemon acts as and by, where it acts: whoever logged in as one of them could do what only it may. */
function ownRolesOf({ servers }: Configuration): readonly string[] {
  return servers.length === 0
    ? []
    : ['pgtoken', 'pgtoken_*', ...servers.map(({ connection }) => connection.user)];
}
