// Takes a line of a PAM service file apart (libpam/pam_handlers.c), and says what is wrong with it.
import { assemblePAMLines } from '../pam-files/assemble-pam-lines.ts';
import { type PAMWord, splitPAMWords } from '../pam-files/split-pam-words.ts';
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
  const lines = assemblePAMLines(text);
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
  if (line.isUnfinished) {
    report('the line ends with a backslash, and none follows; expected the rest of it');
    return undefined;
  }
  const words = splitPAMWords(line.text);
  const open = words.find(({ isOpen }) => isOpen);
  if (open !== undefined) {
    report(
      // Not what is in it, which may be a password.
      `the bracket in front of ${quote(open.text.replace(/=.*/, '='))} is never closed`,
      'For PAM a # ends the line in brackets too, and \\] is a ] that does not close them.',
    );
    return undefined;
  }
  return readWords(words, report);
}

// Line breaks and tabs are for PAM; the rest would have no business in a line, and must not get into a file made of it.
const UNPRINTABLE = /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u{FFFD}]/u;

function readWords(words: readonly PAMWord[], report: Report): PAMLine | undefined {
  const [first, control, module, ...rest] = words;
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
  if (!control.isBracketed && !CONTROLS.includes(word)) {
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
    control: control.isBracketed ? `[${control.text}]` : word,
    module: module.text,
    arguments: rest.map(({ text }) => text),
  };
}
