// What parseConfig says of a text, as the lines a person would see.
import { parseConfig } from '../../src/config/parse-config.ts';
import { formatProblem } from '../../src/config/problems.ts';

/** The least that is a configuration. */
export const MINIMAL = `apiVersion: pgtoken/v1
issuers:
- name: homelab
  issuer:
    url: https://k8s.example.com
    audiences: [postgres]
  roles:
  - claim: sub
`;

/** The problems of a text, each as one line; none when it is a configuration. */
export function problemsOf(text: string): string[] {
  const parsed = parseConfig(text);
  return parsed.ok ? [] : parsed.problems.map((problem) => formatProblem('issuers.yaml', problem));
}

/** MINIMAL with one line replaced by others; throws when it has no such line. */
export function withLine(line: string, ...others: readonly string[]): string {
  const lines = MINIMAL.split('\n');
  const index = lines.indexOf(line);
  if (index === -1) throw new Error(`no line ${JSON.stringify(line)}`);
  return lines.toSpliced(index, 1, ...others).join('\n');
}

/** MINIMAL with lines at its end, which go on with its only entry. */
export function withMore(...lines: readonly string[]): string {
  return `${MINIMAL}${lines.join('\n')}\n`;
}
