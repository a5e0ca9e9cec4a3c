// From an example and answers to an issuers.yaml. What is not somebody's own stays as it is, the comments too; a value can
// become nothing but a value, however it is written.
import type { Answers } from '../answers.ts';
import type { InitProblem } from '../init-problem.ts';
import { optionOf } from '../answers.ts';
import type { Kind } from '../kind.ts';
import type { Additions } from './additions.ts';
import { chooseRules, countRules, insertGrants } from './choose-rules.ts';
import { replaceValues } from './replace-values.ts';

/** @param example its text. */
export function fillExample(
  kind: Kind,
  example: string,
  answers: Answers,
  additions: Additions,
): string | InitProblem {
  const chosen = chooseRules(kind, chooseEntries(kind, example, answers), answers);
  const filled = insertGrants(kind, replaceValues(kind, chosen, answers, additions), answers);
  const [without] = splitEntries(filled).entries.filter((entry) => countRules(entry) === 0);
  if (without !== undefined) {
    const choices = kind.parameters
      .filter(
        (one) =>
          one.kind === 'grant' ||
          one.kind === 'switch' ||
          (one.kind === 'value' && one.without === 'no rule'),
      )
      .map(optionOf);
    return {
      problem: `nobody could log in by ${kind.name}: no role is given`,
      hint: `Give ${choices.join(', or ')}.`,
    };
  }
  return addTo(filled, additions);
}

interface Split {
  /** Everything above the first entry. */
  readonly head: string;
  readonly entries: readonly string[];
}

function splitEntries(text: string): Split {
  const [head = '', ...entries] = text.split(/^(?=- name: )/m);
  return { head, entries };
}

function nameOf(entry: string): string {
  return /^- name: (\S+)/.exec(entry)?.[1] ?? '';
}

function chooseEntries({ parameters }: Kind, text: string, answers: Answers): string {
  const { head, entries } = splitEntries(text);
  const kept = entries.filter((entry) =>
    parameters.every((one) => {
      if (one.kind === 'choice') {
        const [choice = ''] = answers.get(one.name) ?? [];
        return one.entries[choice] === nameOf(entry);
      }
      return !(
        'without' in one &&
        one.without === 'no entry' &&
        !answers.has(one.name) &&
        entry.includes(one.replaces)
      );
    }),
  );
  return `${head}${kept.join('').trimEnd()}\n`;
}

function formatServers(connection = 'host=/var/run/postgresql port=5432'): string {
  return `servers:\n- name: main\n  connection: ${connection}\n`;
}

function addTo(
  text: string,
  { certificateAuthorityFile, provision, connection }: Additions,
): string {
  const { head, entries } = splitEntries(text);
  const own = certificateAuthorityFile;
  const grown = entries.map((entry, index) => {
    const line = `    certificateAuthorityFile: ${own}\n`;
    const trusted =
      own === undefined || index > 0 ? entry : entry.replace(/^ {4}url: .*\n/m, `$&${line}`);
    return provision ? `${trusted.trimEnd()}\n${PROVISION}` : trusted;
  });
  const server = provision
    ? head.replace(/^issuers:$/m, `${formatServers(connection)}issuers:`)
    : head;
  return `${server}${grown.join(provision ? '\n' : '')}`;
}

const PROVISION = '  provision: {create: true, onError: deny}\n';
