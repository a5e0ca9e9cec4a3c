// Puts answers in place of what an example has, by the places that YAML itself gives, so that no value can become anything else.
import { isPair, isScalar, isSeq, parseDocument, type Scalar, visit, type YAMLSeq } from 'yaml';
import { isPlainWord } from '../../shell-quote.ts';
import type { Answers } from '../answers.ts';
import type { Kind, ListParameter, ValueParameter } from '../kind.ts';
import type { Additions } from './additions.ts';
import { encodeText, type Quoting } from './encode-text.ts';

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A text to be found, and what is to take its place. */
interface Replacement {
  readonly replaces: string;
  readonly value: string;
  /** The keys whose values it is in; undefined: all. */
  readonly keys: readonly string[] | undefined;
}

/** @param text YAML. */
export function replaceValues(
  kind: Kind,
  text: string,
  answers: Answers,
  additions: Pick<Additions, 'name' | 'service'>,
): string {
  const values = [
    ...kind.parameters.flatMap((one) => (one.kind === 'value' ? replacementOf(one, answers) : [])),
    ...replacementsOfName(kind, additions.name),
    ...(kind.namesService === true && additions.service !== undefined
      ? [{ replaces: kind.service, value: additions.service, keys: ['services'] }]
      : []),
  ];
  const lists = kind.parameters.flatMap((one) => (one.kind === 'list' ? [one] : []));
  const edits: Edit[] = [];
  visit(parseDocument(text), {
    Seq: (_, node) => {
      const list = lists.find((one) => isListOf(node, one));
      if (list === undefined) {
        return undefined;
      }
      const items = (answers.get(list.name) ?? []).map((item) => encodeText(item, 'PLAIN'));
      const [start, end] = node.range ?? [0, 0];
      edits.push({ start, end, text: `[${items.join(', ')}]` });
      return visit.SKIP;
    },
    Scalar: (at, node, path) => {
      const { value } = node;
      if (at === 'key' || typeof value !== 'string') {
        return;
      }
      const pair = path.findLast((one) => isPair(one));
      const key = isPair(pair) && isScalar(pair.key) ? String(pair.key.value) : '';
      const wanted = values.filter(({ keys }) => keys === undefined || keys.includes(key));
      const replaced = replaceIn(value, wanted, key === 'pattern');
      if (replaced !== value) {
        const [start, end] = node.range ?? [0, 0];
        edits.push({ start, end, text: encodeText(replaced, quotingOf(node)) });
      }
    },
  });
  let filled = text;
  for (const { start, end, text: own } of edits.toSorted((a, b) => b.start - a.start)) {
    filled = `${filled.slice(0, start)}${own}${filled.slice(end)}`;
  }
  return replaceInComments(filled, values, lists, answers);
}

function replacementOf(
  { name, replaces, keys, default: usual }: ValueParameter,
  answers: Answers,
): readonly Replacement[] {
  const [value = usual] = answers.get(name) ?? [];
  return value === undefined ? [] : [{ replaces, value, keys }];
}

/** The entry's name, and the files that are named after it. */
function replacementsOfName(
  { entry, parameters }: Kind,
  name: string | undefined,
): readonly Replacement[] {
  if (entry === undefined || name === undefined) {
    return [];
  }
  const files = parameters.flatMap((one) => (one.kind === 'file' ? [one.replaces] : []));
  return [
    { replaces: entry, value: name, keys: ['name'] },
    ...[...files, `${entry}.token`].map((file) => ({
      replaces: file,
      value: `${name}${file.slice(entry.length)}`,
      keys: undefined,
    })),
  ];
}

function isListOf(node: YAMLSeq, { replaces }: ListParameter): boolean {
  const items = node.items.map((item) => (isScalar(item) ? item.value : undefined));
  return isSeq(node) && JSON.stringify(items) === JSON.stringify(replaces);
}

function quotingOf({ type }: Scalar): Quoting {
  return type === 'QUOTE_SINGLE' || type === 'QUOTE_DOUBLE' ? type : 'PLAIN';
}

/** All at once, the longest first: what takes a place is not looked into again. */
function replaceIn(text: string, values: readonly Replacement[], isPattern: boolean): string {
  const escape = (one: string): string => (isPattern ? escapePattern(one) : one);
  const texts = new Map(
    values.map(({ replaces, value }) => [escape(replaces), escape(value)] as const),
  );
  if (texts.size === 0) {
    return text;
  }
  const found = [...texts.keys()].toSorted((a, b) => b.length - a.length).map(bounded);
  return text.replaceAll(new RegExp(found.join('|'), 'g'), (one) => texts.get(one) ?? one);
}

/** As a whole: not a piece of a longer word. */
function bounded(text: string): string {
  const before = /^[A-Za-z0-9]/.test(text) ? '(?<![A-Za-z0-9])' : '';
  const after = /[A-Za-z0-9]$/.test(text) ? '(?![A-Za-z0-9])' : '';
  return `${before}${RegExp.escape(text)}${after}`;
}

/** As RE2 reads it, and as the examples write it. */
function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

/** Other values are not put into commands, whoever has chosen them. */
const isPlain = ({ value }: Pick<Replacement, 'value'>): boolean => isPlainWord(value);

/** Comments that take a line each, so that commands in them can be copied. */
function replaceInComments(
  text: string,
  values: readonly Replacement[],
  lists: readonly ListParameter[],
  answers: Answers,
): string {
  const audience = values.find((one) => one.keys?.[0] === 'audiences' && isPlain(one));
  const wanted = [
    ...values.filter((one) => one.keys === undefined && isPlain(one)),
    ...lists
      .filter(({ name }) => (answers.get(name) ?? []).every((value) => isPlainWord(value)))
      .map(({ name, replaces }) => ({
        replaces: replaces.join(' and '),
        value: (answers.get(name) ?? []).join(', '),
        keys: undefined,
      })),
  ];
  return text.replaceAll(/^ *#(?! yaml-language-server:| @).*$/gm, (line) => {
    const replaced = replaceIn(line, wanted, false);
    return audience === undefined
      ? replaced
      : replaced.replaceAll(
          /(?<=audience[ :=]+|client-id=|client ")postgres(?![\w.-])/g,
          () => audience.value,
        );
  });
}
