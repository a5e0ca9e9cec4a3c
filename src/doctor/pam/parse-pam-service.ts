// Reads a service file of linux-pam the way libpam does (pam.conf(5)): continued lines, arguments in brackets, files that are
// included. What libpam would take for a module that always fails is a problem here.
import { assemblePAMLines } from '../../pam-files/assemble-pam-lines.ts';
import { splitPAMWords } from '../../pam-files/split-pam-words.ts';

/** One module in a stack, or the place where a substack begins. */
export interface PAMLine {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly type: 'auth' | 'account';
  /** `required` and the like, or what stands in brackets. */
  readonly control: string;
  /** As written: a name or a path; empty where a substack begins. */
  readonly module: string;
  readonly args: readonly string[];
  /** How many substacks it is inside of. */
  readonly level: number;
}

/** Something that libpam cannot use. */
export interface PAMProblem {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
}

/** A service with everything that it includes, in order. */
export interface PAMService {
  readonly lines: readonly PAMLine[];
  readonly problems: readonly PAMProblem[];
}

/** A file of a PAM folder, where it is. */
export interface PAMFile {
  readonly path: string;
  readonly text: string;
}

/** libpam follows no more (PAM_SUBSTACK_MAX_LEVEL). */
const MAX_DEPTH = 16;
/** More lines than any honest service has. */
const MAX_LINES = 1000;
const TYPES: ReadonlySet<string> = new Set(['auth', 'account', 'password', 'session']);

/** @param find a service file by its name, or by its absolute path. */
export function parsePAMService(
  file: PAMFile,
  find: (name: string) => PAMFile | undefined,
): PAMService {
  const lines: PAMLine[] = [];
  const problems: PAMProblem[] = [];

  function read(from: PAMFile, only: string | undefined, depth: number, level: number): void {
    for (const { line, text } of assemblePAMLines(from.text)) {
      const report = (reason: string): void => {
        problems.push({ file: from.path, line, reason });
      };
      if (lines.length >= MAX_LINES) {
        report(`over ${MAX_LINES} lines with what is included`);
        return;
      }
      const words = splitPAMWords(text);
      const [first = '', ...rest] = words.map((word) => word.text);
      // Debian's own: everything of another file.
      const [type, control = '', module, ...args] =
        first === '@include' ? [only ?? '', 'include', ...rest] : [first, ...rest];
      const kind = type.replace(/^-/, '').toLowerCase();
      if (first !== '@include' && !TYPES.has(kind)) {
        report(`"${type}" is no type; expected auth, account, password or session`);
        continue;
      }
      if (only !== undefined && kind !== only) {
        continue;
      }
      if (module === undefined) {
        report('the line ends early; expected a type, a control and a module');
        continue;
      }
      const action = control.toLowerCase();
      if (action !== 'include' && action !== 'substack') {
        if (kind === 'auth' || kind === 'account') {
          const shown = words[1]?.isBracketed === true ? `[${control}]` : control;
          lines.push({ file: from.path, line, type: kind, control: shown, module, args, level });
        }
        continue;
      }
      const included = depth >= MAX_DEPTH ? undefined : find(module);
      if (included === undefined) {
        report(
          depth >= MAX_DEPTH
            ? `includes ${module}, deeper than ${MAX_DEPTH} files`
            : `includes ${module}, which is not there`,
        );
        continue;
      }
      if (action === 'include') {
        read(included, kind === '' ? undefined : kind, depth + 1, level);
      } else if (kind === 'auth' || kind === 'account') {
        const place = { file: from.path, line, type: kind, control, module: '', args: [], level };
        lines.push({ ...place, type: kind });
        read(included, kind, depth + 1, level + 1);
      }
    }
  }
  read(file, undefined, 0, 0);
  return { lines, problems };
}
