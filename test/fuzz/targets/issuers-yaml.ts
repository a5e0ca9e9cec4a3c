// issuers.yaml: any text is a configuration or a list of problems, each in one line with a place in the text.
import { parseConfig } from '../../../src/config/parse-config.ts';
import { formatProblem } from '../../../src/config/problems.ts';
import { ATTACK_FOLDER } from '../../vectors/attacks/attack.ts';
import { POLICY_FOLDER } from '../../vectors/tokens/vector.ts';
import { demand, type FuzzTarget, openNothing } from '../fuzz-target.ts';
import { readSeeds } from '../read-seeds.ts';

export const issuersYAML: FuzzTarget = {
  name: 'issuers-yaml',
  seeds: async () => [
    ...(await readSeeds(POLICY_FOLDER, '*.yaml')),
    ...(await readSeeds(ATTACK_FOLDER, 'policies/*.yaml')),
  ],
  maxBytes: 20_000,
  open: openNothing((input) => {
    const text = input.toString();
    const parsed = parseConfig(text);
    if (parsed.ok) {
      demand(parsed.config.apiVersion === 'pgtoken/v1', 'a configuration is of this version');
      for (const { issuer, roles, token } of parsed.config.issuers) {
        demand(issuer.audiences.length > 0, 'an entry has an audience');
        demand(roles.length > 0, 'an entry has a role rule');
        demand(token.algorithms.length > 0, 'an entry has an algorithm');
      }
      return;
    }
    demand(parsed.problems.length > 0, 'what is no configuration has a problem');
    demand(parsed.problems.length <= 100, 'there are at most 100 problems');
    const lines = text.split(/\r\n|\r|\n/).length;
    for (const problem of parsed.problems) {
      demand(problem.line >= 1 && problem.line <= lines, 'a problem has its place in the text');
      demand(problem.column >= 1, 'a problem has its place in the line');
      const shown = formatProblem('issuers.yaml', problem);
      demand(/^[\x20-\x7e]+$/.test(shown), 'a problem is told in one line that no terminal obeys');
    }
  }),
};
