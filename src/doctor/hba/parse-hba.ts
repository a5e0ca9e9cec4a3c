// Reads pg_hba.conf the way PostgreSQL does: quotes, lists, continued lines, files that are included or listed in.
import { dirname, resolve } from 'node:path';
import { findMethodFault } from './methods.ts';
import { type AddressRange, parseMaskedRange, parseRange } from './parse-address.ts';
import { type HBAFields, type HBAToken, splitHBALines } from './split-hba-lines.ts';

/** Which clients a rule is for. */
export type HBAAddress =
  | { readonly kind: 'all' }
  /** `samehost`, `samenet`, or a host name. */
  | { readonly kind: 'named'; readonly name: string }
  | {
      readonly kind: 'range';
      readonly range: AddressRange;
      /** As a line of pg_hba.conf has it. */
      readonly text: string;
    };

/** One rule. */
export interface HBARule {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** `local`, `host`, `hostssl`, `hostnossl`, `hostgssenc` or `hostnogssenc`. */
  readonly type: string;
  readonly databases: readonly HBAToken[];
  readonly users: readonly HBAToken[];
  /** Undefined for `local`. */
  readonly address: HBAAddress | undefined;
  readonly method: string;
  readonly options: readonly (readonly [name: string, value: string])[];
}

/** A line that PostgreSQL could not use. */
export interface HBAProblem {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
}

/** The rules in their order, and what is wrong. */
export interface ParsedHBA {
  readonly rules: readonly HBARule[];
  readonly problems: readonly HBAProblem[];
  /** Every file that was read, the first one included. */
  readonly files: readonly string[];
}

/** What is read beside the file itself. */
export interface HBAFolder {
  /** @returns undefined when it cannot be read. */
  readonly read: (path: string) => string | undefined;
  readonly list: (path: string) => readonly string[];
}

const TYPES: ReadonlySet<string> = new Set([
  'local',
  'host',
  'hostssl',
  'hostnossl',
  'hostgssenc',
  'hostnogssenc',
]);
/** PostgreSQL's CONF_FILE_MAX_DEPTH. */
const MAX_DEPTH = 10;
const MAX_RULES = 10_000;
/** Characters of all files together: what includes itself twice has no end that anybody would see. */
const MAX_TEXT = 4 * 1024 * 1024;
/** What a file counts for at the least. */
const MIN_FILE = 4096;

/** @param path for messages, and as the place that relative names count from. */
export function parseHBA(path: string, text: string, folder: HBAFolder): ParsedHBA {
  const rules: HBARule[] = [];
  const problems: HBAProblem[] = [];
  const files = new Set([path]);
  let room = MAX_TEXT - text.length;
  const bounded: HBAFolder = {
    list: folder.list,
    read: (name) => {
      const content = room > 0 ? folder.read(name) : undefined;
      room -= Math.max(content?.length ?? 0, MIN_FILE);
      if (content !== undefined) {
        files.add(name);
      }
      return content;
    },
  };

  function read(file: string, content: string, depth: number): void {
    for (const { line, fields } of splitHBALines(content)) {
      const report = (reason: string): void => {
        problems.push({ file, line, reason });
      };
      if (rules.length >= MAX_RULES || room <= 0) {
        return;
      }
      const [first = []] = fields;
      const word = first[0]?.text ?? '';
      if (/^include(?:_if_exists|_dir)?$/.test(word)) {
        const name = fields[1]?.[0]?.text ?? '';
        include(word, resolve(dirname(file), name), depth, report);
        continue;
      }
      const rule = parseRule(file, line, fields, (name) =>
        readList(resolve(dirname(file), name), bounded, depth),
      );
      if (typeof rule === 'string') {
        report(rule);
      } else {
        rules.push(rule);
      }
    }
  }

  function include(
    word: string,
    target: string,
    depth: number,
    report: (reason: string) => void,
  ): void {
    if (depth >= MAX_DEPTH) {
      report(`includes ${target}, deeper than ${MAX_DEPTH} files`);
      return;
    }
    const targets =
      word === 'include_dir'
        ? bounded
            .list(target)
            .filter((name) => name.endsWith('.conf') && !name.startsWith('.'))
            .map((name) => resolve(target, name))
        : [target];
    for (const file of targets) {
      if (room <= 0) {
        return;
      }
      const content = bounded.read(file);
      if (content !== undefined) {
        read(file, content, depth + 1);
      } else if (word !== 'include_if_exists') {
        report(`includes ${file}, which cannot be read`);
      }
    }
  }
  read(path, text, 0);
  return room > 0
    ? { rules, problems, files: [...files] }
    : {
        rules,
        files: [...files],
        problems: [{ file: path, line: 1, reason: 'the files that it includes have no end' }],
      };
}

function parseRule(
  file: string,
  line: number,
  fields: HBAFields,
  expand: (name: string) => readonly HBAToken[] | undefined,
): HBARule | string {
  const [[type] = [], databases = [], users = [], ...rest] = fields;
  if (type === undefined || !TYPES.has(type.text)) {
    return `"${type?.text ?? ''}" is no connection type; expected ${[...TYPES].join(', ')}`;
  }
  const words = rest.map(([token]) => token?.text ?? '');
  const address = type.text === 'local' ? undefined : parseAddress(words);
  if (typeof address === 'string') {
    return address;
  }
  const [method, ...options] = words.slice(address?.words ?? 0);
  if (databases.length === 0 || users.length === 0 || method === undefined || method === '') {
    return 'the line ends early; expected a type, databases, users, an address unless local, and a method';
  }
  const fault =
    findMethodFault(type.text, method) ??
    options
      .filter((option) => !option.includes('='))
      .map((option) => `"${option}" is no option; expected name=value`)[0];
  if (fault !== undefined) {
    return fault;
  }
  const [expandedDatabases, expandedUsers] = [databases, users].map((tokens) =>
    tokens.flatMap((token) => expandToken(token, expand)),
  );
  return {
    file,
    line,
    type: type.text,
    databases: expandedDatabases ?? [],
    users: expandedUsers ?? [],
    address: address?.address,
    method,
    options: options.map(splitOption),
  };
}

/** `name=value`, apart. */
export function splitOption(option: string): readonly [name: string, value: string] {
  const at = option.indexOf('=');
  return at === -1 ? [option, ''] : [option.slice(0, at), option.slice(at + 1)];
}

function expandToken(
  token: HBAToken,
  expand: (name: string) => readonly HBAToken[] | undefined,
): readonly HBAToken[] {
  return token.text.startsWith('@') && !token.quoted
    ? (expand(token.text.slice(1)) ?? [token])
    : [token];
}

function readList(path: string, folder: HBAFolder, depth: number): HBAToken[] | undefined {
  const text = depth >= MAX_DEPTH ? undefined : folder.read(path);
  return text === undefined
    ? undefined
    : splitHBALines(text)
        .flatMap(({ fields }) => fields.flat())
        .flatMap((token) =>
          expandToken(token, (name) => readList(resolve(dirname(path), name), folder, depth + 1)),
        );
}

/** @returns the address and how many words it took. */
function parseAddress(
  words: readonly string[],
): { readonly address: HBAAddress; readonly words: number } | string {
  const [first = '', second = ''] = words;
  if (first === 'all') {
    return { address: { kind: 'all' }, words: 1 };
  }
  const range = parseRange(first);
  if (range === undefined) {
    return /^[0-9.]+(?:\/|$)|[/:]/.test(first) || first === ''
      ? `"${first}" is no address; expected one such as 10.0.0.0/8, or all`
      : { address: { kind: 'named', name: first.toLowerCase() }, words: 1 };
  }
  if (first.includes('/')) {
    return { address: { kind: 'range', range, text: first }, words: 1 };
  }
  const masked = parseMaskedRange(first, second);
  return masked === undefined
    ? `"${second}" is no mask for ${first}; expected ${first}/BITS, or a mask such as 255.255.255.0`
    : {
        address: { kind: 'range', range: masked, text: `${first}/${masked.bits}` },
        words: 2,
      };
}
