// Takes a line of a PAM service file apart as linux-pam does (libpam/pam_handlers.c, _pam_tokenize in pam_misc.c): blanks
// separate, "[...]" at the beginning of a token is one token whatever is in it, "\]" in there is a "]", "#" ends the line even
// in there, and a backslash at the end goes on in the next line. Quotes mean nothing.
import { quote } from '../quote.ts';
import type { Report } from './findings.ts';

/** A line of a file in /etc/pam.d. */
export interface PAMLine {
  /** In lower case, without the "-" that may stand in front of it. */
  readonly type: string;
  /** Whether a "-" stood in front of it: a missing module is not logged. */
  readonly quiet: boolean;
  /** A word in lower case, or a list of results in its brackets. */
  readonly control: string;
  readonly module: string;
  readonly arguments: readonly string[];
}

interface Token {
  readonly text: string;
  readonly bracketed: boolean;
}

const CONTROLS = ['required', 'requisite', 'sufficient', 'optional'];

/**
 * Parses one line, which may go on in further lines behind a backslash; comments and empty lines around it are passed over.
 *
 * @returns undefined when it is none that names a module; why is in `report`.
 */
export function parsePAMLine(text: string, report: Report): PAMLine | undefined {
  const [stray] = UNPRINTABLE.exec(text) ?? [];
  if (stray !== undefined) {
    report(`the line holds the character ${quote(stray)}; expected printable text in UTF-8`);
    return undefined;
  }
  const lines = assembleLines(text);
  const [line, ...more] = lines;
  if (line === undefined || more.length > 0) {
    report(
      line === undefined
        ? 'there is no line; expected one of a PAM service file'
        : `there are ${lines.length} lines; expected one`,
      'Give the auth line that names pam_oidc.so, in single quotes.',
    );
    return undefined;
  }
  if (line.endsWith('\\')) {
    report('the line ends with a backslash, and none follows; expected the rest of it');
    return undefined;
  }
  const tokens = splitTokens(line, report);
  return tokens === undefined ? undefined : readTokens(tokens, report);
}

// Line breaks and tabs are for PAM; the rest would have no business in a line, and must not get into a file made of it.
const UNPRINTABLE = /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u{FFFD}]/u;

/** Joins what a backslash continues, and drops comments; of a continuation that nothing follows the backslash stays. */
function assembleLines(text: string): string[] {
  const lines: string[] = [];
  let begun = '';
  for (const raw of text.split('\n')) {
    const line = raw.replace(/^[ \t]+/, '').replace(/#.*/, '');
    if (/\\[ \t]*$/.test(line) && !raw.includes('#')) {
      begun += line.replace(/\\[ \t]*$/, ' ');
    } else if (line !== '') {
      lines.push(begun + line);
      begun = '';
    }
  }
  const whole = lines.filter((line) => /[^ \t]/.test(line));
  return begun === '' ? whole : [...whole, `${begun}\\`];
}

function splitTokens(line: string, report: Report): Token[] | undefined {
  const tokens: Token[] = [];
  for (const [word, inside, end] of line.matchAll(/\[((?:\\\]|[^\]])*)(\]?)|[^ \t[][^ \t]*/g)) {
    if (inside === undefined) {
      tokens.push({ text: word, bracketed: false });
    } else if (end === ']') {
      tokens.push({ text: inside.replaceAll('\\]', ']'), bracketed: true });
    } else {
      report(
        // Not what is in it, which may be a password.
        `the bracket in front of ${quote(inside.replace(/=.*/, '='))} is never closed`,
        'For PAM a # ends the line in brackets too, and \\] is a ] that does not close them.',
      );
      return undefined;
    }
  }
  return tokens;
}

function readTokens(tokens: readonly Token[], report: Report): PAMLine | undefined {
  const [first, control, module, ...rest] = tokens;
  const [, dash, type] = /^(-?)(auth|account|session|password)$/i.exec(first?.text ?? '') ?? [];
  if (type === undefined) {
    const service = /^-?(?:auth|account)$/i.test(control?.text ?? '');
    report(
      `the line begins with ${quote(first?.text)}; expected auth, as in a file of /etc/pam.d`,
      service ? 'Leave out the service name, which only /etc/pam.conf has.' : undefined,
    );
    return undefined;
  }
  const word = control?.text.toLowerCase();
  if (control === undefined || word === undefined) {
    report(`nothing follows ${quote(type)}; expected a control such as required, and a module`);
    return undefined;
  }
  if (!control.bracketed && !CONTROLS.includes(word)) {
    report(
      `the control is ${quote(control.text)}; expected ${CONTROLS.join(', ')} or a list in brackets`,
    );
    return undefined;
  }
  if (module === undefined) {
    report(`no module follows ${quote(control.text)}; expected pam_oidc.so`);
    return undefined;
  }
  return {
    type: type.toLowerCase(),
    quiet: dash === '-',
    control: control.bracketed ? `[${control.text}]` : word,
    module: module.text,
    arguments: rest.map((token) => token.text),
  };
}
