// What a stack of PAM modules can come to, by libpam's own rules (pam.conf(5)): whether a login can succeed although
// pgtoken denies it, and whether it can succeed at all. Other modules are believed to be able to answer anything, but for
// those two that always say the same.
import { basename } from 'node:path';
import type { PAMLine } from './parse-pam-service.ts';

type Action = 'ok' | 'done' | 'bad' | 'die' | 'ignore' | 'reset' | number;

/** What is known half-way down a stack. */
interface State {
  readonly impression: 'none' | 'good' | 'bad';
  /** Whether the result so far is PAM_SUCCESS. */
  readonly success: boolean;
}

const KEYWORDS: Readonly<Record<string, Readonly<Record<string, Action>>>> = {
  required: { success: 'ok', new_authtok_reqd: 'ok', ignore: 'ignore', default: 'bad' },
  requisite: { success: 'ok', new_authtok_reqd: 'ok', ignore: 'ignore', default: 'die' },
  sufficient: { success: 'done', new_authtok_reqd: 'done', default: 'ignore' },
  optional: { success: 'ok', new_authtok_reqd: 'ok', default: 'ignore' },
};
const WORDS: ReadonlySet<string> = new Set(['ok', 'done', 'bad', 'die', 'ignore', 'reset']);
const START: State = { impression: 'none', success: false };

/** What pam_pgtoken.so answers when it does not grant. */
export const DENIALS = ['auth_err', 'authinfo_unavail', 'service_err', 'buf_err'] as const;

/** Whether this is our module, wherever it lies. */
export function isOurModule(line: Pick<PAMLine, 'module'>): boolean {
  return basename(line.module) === 'pam_pgtoken.so';
}

/**
 * Looks for a way to success through a stack in which pgtoken gives one of these answers, and others what suits.
 *
 * @returns the lines that answer with success on the way, or undefined when there is no way.
 */
export function findSuccess(
  lines: readonly PAMLine[],
  isOurs: (line: PAMLine) => boolean,
  answers: readonly string[],
): readonly PAMLine[] | undefined {
  const seen = new Set<string>();

  function walk(
    at: number,
    state: State,
    // The state in which each substack was entered, by its level.
    entered: Readonly<Record<number, State>>,
    way: readonly PAMLine[],
  ): readonly PAMLine[] | undefined {
    const line = lines[at];
    if (line === undefined) {
      return state.success && state.impression === 'good' ? way : undefined;
    }
    const { level } = line;
    const states = level > (lines[at - 1]?.level ?? 0) ? { ...entered, [level]: state } : entered;
    const key = JSON.stringify([at, state, states]);
    if (seen.has(key)) {
      return undefined;
    }
    seen.add(key);
    if (line.module === '') {
      return walk(at + 1, state, states, way);
    }
    for (const answer of isOurs(line) ? answers : answersOf(line)) {
      const action = actionFor(line.control, answer);
      const passed = answer === 'success' ? [...way, line] : way;
      const next = apply(action, answer === 'success', state, states[level] ?? START);
      const found = walk(placeAfter(lines, at, action, next), next, states, passed);
      if (found !== undefined) {
        return found;
      }
    }
    return undefined;
  }
  return walk(0, START, {}, []);
}

/** What a module may answer. The codes that its line names matter, and one that it does not. */
function answersOf(line: PAMLine): readonly string[] {
  switch (basename(line.module)) {
    case 'pam_permit.so':
      return ['success'];
    case 'pam_deny.so':
      return ['auth_err'];
    default:
      return ['success', 'auth_err', 'ignore', ...Object.keys(parseControl(line.control))].filter(
        (answer) => answer !== 'default',
      );
  }
}

function actionFor(control: string, answer: string): Action {
  const actions = parseControl(control);
  return actions[answer] ?? actions['default'] ?? 'bad';
}

function parseControl(control: string): Readonly<Record<string, Action>> {
  const keyword = control.toLowerCase();
  if (Object.hasOwn(KEYWORDS, keyword)) {
    return KEYWORDS[keyword] ?? {};
  }
  const pairs = control.matchAll(/([a-z_]+)\s*=\s*([a-z]+|[0-9]+)/gi);
  return Object.fromEntries(
    [...pairs].map(([, name = '', value = '']) => [name.toLowerCase(), parseAction(value)]),
  );
}

function parseAction(value: string): Action {
  const word = value.toLowerCase();
  if (/^[0-9]+$/.test(word)) {
    return Number(word);
  }
  return isAction(word) ? word : 'bad';
}

function isAction(word: string): word is Exclude<Action, number> {
  return WORDS.has(word);
}

function apply(action: Action, success: boolean, state: State, before: State): State {
  switch (action) {
    case 'ok':
    case 'done':
      return state.impression === 'none' || (state.impression === 'good' && state.success)
        ? { impression: 'good', success }
        : state;
    case 'bad':
    case 'die':
      return state.impression === 'bad' ? state : { impression: 'bad', success: false };
    case 'reset':
      return before;
    default:
      // A jump of 0 is a mistake that libpam lets nobody in by.
      return state;
  }
}

/** Where it goes on. */
function placeAfter(lines: readonly PAMLine[], at: number, action: Action, state: State): number {
  const level = lines[at]?.level ?? 0;
  const isInside = (index: number): boolean => (lines[index]?.level ?? -1) >= level;
  let place = at;
  if (action === 'die' || (action === 'done' && state.impression === 'good')) {
    while (isInside(place + 1)) {
      place += 1;
    }
  } else if (typeof action === 'number') {
    for (let left = action; left > 0 && isInside(place + 1); left -= 1) {
      place += 1;
      while ((lines[place + 1]?.level ?? -1) > level) {
        place += 1;
      }
    }
  }
  return place + 1;
}
