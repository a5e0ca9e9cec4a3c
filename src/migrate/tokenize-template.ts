// Divides a Go text/template into fixed text and actions, and these into tokens (text/template/parse/lex.go), as far as
// parse-template.ts understands them. What Go would not take is never taken here.
import { quote } from '../quote.ts';
import { TemplateProblem } from './template-problem.ts';

/** A token of an action. Of a text in quotes, `text` is what it stands for. */
export interface Token {
  readonly kind: 'field' | 'word' | 'text' | 'pipe' | 'open' | 'close';
  readonly text: string;
}

/** Fixed text, or the tokens of an action. */
export type TemplatePiece = string | readonly Token[];

/** Nobody writes more, and each costs the parser some of its stack. */
const MAX_DEPTH = 20;
const BLANKS_BEFORE = /[ \t\r\n]+$/;
const BLANKS_BEHIND = /^[ \t\r\n]+/;
/** A comment is an action that does nothing; it ends where it first can. */
const COMMENT = /(?:-[ \t\r\n])?\/\*(?:(?!\*\/).)*\*\/(?:[ \t\r\n]-)?\}\}/sy;
const ACTION_END = /(?:[ \t\r\n]+-|[ \t\r\n]*)\}\}/y;
const TOKEN =
  /[ \t\r\n]*(?:(?<field>(?:\.[\p{L}_][\p{L}\p{Nd}_]*)+)|(?<word>[\p{L}_][\p{L}\p{Nd}_]*)|(?<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)|(?<pipe>\|)|(?<open>\()|(?<close>\)))/uy;
/** What may stand behind a value: Go's parser wants a blank between two. */
const VALUE_END = /[ \t\r\n|)]|\}\}/y;

/** Divides a template. @returns its pieces, or why it cannot be divided. */
export function tokenizeTemplate(source: string): readonly TemplatePiece[] | TemplateProblem {
  const pieces: TemplatePiece[] = [];
  let at = 0;
  let trimmed = false;
  for (;;) {
    const start = source.indexOf('{{', at);
    const between = source.slice(at, start === -1 ? undefined : start);
    const text = trimmed ? between.replace(BLANKS_BEHIND, '') : between;
    if (start === -1) {
      return [...pieces, text];
    }
    const trimsBefore = /^-[ \t\r\n]/.test(source.slice(start + 2));
    pieces.push(trimsBefore ? text.replace(BLANKS_BEFORE, '') : text);

    const comment = matchAt(COMMENT, source, start + 2)?.[0];
    if (comment === undefined) {
      const action = tokenizeAction(source, start + (trimsBefore ? 3 : 2));
      if (action instanceof TemplateProblem) {
        return action;
      }
      pieces.push(action.tokens);
      at = action.end;
    } else {
      at = start + 2 + comment.length;
    }
    trimmed = /^[ \t\r\n]-\}\}$/.test(source.slice(at - 4, at));
  }
}

function tokenizeAction(
  source: string,
  start: number,
): { readonly tokens: readonly Token[]; readonly end: number } | TemplateProblem {
  const tokens: Token[] = [];
  let depth = 0;
  for (let at = start; ;) {
    const end = matchAt(ACTION_END, source, at)?.[0];
    if (end !== undefined) {
      return depth === 0
        ? { tokens, end: at + end.length }
        : new TemplateProblem('it has an open parenthesis');
    }
    const found = matchAt(TOKEN, source, at);
    if (found === undefined) {
      const [rest = ''] = /\S[^{}]{0,20}/.exec(source.slice(at)) ?? [];
      return new TemplateProblem(
        rest === ''
          ? 'it has an action that never ends'
          : `it is not understood from ${quote(rest)} on`,
      );
    }
    const token = readToken(found.groups ?? {});
    if (token instanceof TemplateProblem) {
      return token;
    }
    depth += token.kind === 'open' ? 1 : token.kind === 'close' ? -1 : 0;
    if (depth > MAX_DEPTH) {
      return new TemplateProblem(`it has over ${MAX_DEPTH} parentheses in one another`);
    }
    at += found[0].length;
    const ends =
      token.kind === 'pipe' ||
      token.kind === 'open' ||
      matchAt(VALUE_END, source, at) !== undefined;
    if (!ends || depth < 0) {
      return new TemplateProblem(`it is not understood behind ${quote(found[0].trim())}`);
    }
    tokens.push(token);
  }
}

function readToken(groups: Readonly<Record<string, string | undefined>>): Token | TemplateProblem {
  const { string } = groups;
  if (string !== undefined) {
    const text = string.startsWith('`') ? string.slice(1, -1) : unquote(string);
    return text === undefined
      ? new TemplateProblem(`it has a text in quotes that is not understood: ${string}`)
      : { kind: 'text', text };
  }
  for (const kind of ['field', 'word', 'pipe', 'open', 'close'] as const) {
    const text = groups[kind];
    if (text !== undefined) {
      return { kind, text };
    }
  }
  return new TemplateProblem('it is not understood');
}

/** A Go string in double quotes. @returns undefined for what Go and JSON do not share. */
function unquote(text: string): string | undefined {
  if (!/^"(?:[^\\]|\\["\\bfnrt]|\\u(?![dD][89a-fA-F]))*"$/.test(text)) {
    return undefined;
  }
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}
