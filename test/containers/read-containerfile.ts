// The recipe of an image as steps, so that the tests make their images by the very steps that its users take. Knows
// what the recipes of packaging/container use, and throws for anything else.
import { readFileSync } from 'node:fs';

/** One step that changes files. */
export type Step =
  | { readonly kind: 'copy'; readonly from: string; readonly to: string }
  | { readonly kind: 'run'; readonly script: string };

export interface Recipe {
  /** The image that it begins with, unless another is asked for. */
  readonly base: string;
  readonly steps: readonly Step[];
  /** The user of the last USER, if any. */
  readonly user: string | undefined;
  readonly entrypoint: readonly string[] | undefined;
  readonly command: readonly string[] | undefined;
}

/** Reads a Containerfile. `${NAME}` becomes the value of an argument, where there is one. */
export function readContainerfile(path: string, args: Readonly<Record<string, string>>): Recipe {
  const values: Record<string, string> = {};
  const steps: Step[] = [];
  const recipe: { -readonly [Key in keyof Recipe]?: Recipe[Key] } = {};
  for (const line of joinLines(readFileSync(path, 'utf8'))) {
    const [, instruction = '', raw = ''] = /^(\w+) +(.*)$/s.exec(line) ?? [];
    // The shell of RUN has its own variables.
    const text = instruction === 'RUN' ? raw : substitute(raw, values);
    switch (instruction) {
      case 'ARG': {
        const [name = '', initial = ''] = text.split('=', 2);
        values[name] = args[name] ?? initial;
        break;
      }
      case 'FROM':
        recipe.base = text;
        break;
      case 'COPY': {
        const words = text.split(/ +/);
        const [from, to, ...more] = words;
        if (from === undefined || to === undefined || more.length > 0 || from.startsWith('--')) {
          throw new Error(`${path}: COPY with other than one file and one place: ${line}`);
        }
        steps.push({ kind: 'copy', from, to });
        break;
      }
      case 'RUN':
        steps.push({ kind: 'run', script: text });
        break;
      case 'USER':
        recipe.user = text;
        break;
      case 'ENTRYPOINT':
        recipe.entrypoint = parseExecForm(text);
        break;
      case 'CMD':
        recipe.command = parseExecForm(text);
        break;
      default:
        throw new Error(`${path} has an instruction that the tests do not know: ${line}`);
    }
  }
  if (recipe.base === undefined) throw new Error(`${path} has no FROM`);
  const { base, user, entrypoint, command } = recipe;
  return { base, steps, user, entrypoint, command };
}

/** The instructions, without comments, each on one line. */
function joinLines(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replaceAll(/\\\n/g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function substitute(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`there is no argument ${name} for ${text}`);
    return value;
  });
}

function parseExecForm(text: string): readonly string[] {
  const words: unknown = JSON.parse(text);
  if (!Array.isArray(words) || !words.every((word) => typeof word === 'string')) {
    throw new Error(`expected a list of words: ${text}`);
  }
  return words;
}
