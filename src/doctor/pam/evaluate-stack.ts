// What a stack of PAM modules can come to, by libpam's own rules (pam.conf(5)): whether a login can succeed although
// pgtoken denies it, and whether it can succeed at all. Other modules are believed to be able to answer anything, but for
// those two that always say the same.
import { basename } from 'node:path';
import { type Action, parseControl } from './parse-control.ts';
import type { PAMLine } from './parse-pam-service.ts';

/** What is known half-way down a stack. */
interface State {
  readonly impression: 'none' | 'good' | 'bad';
  /** Whether the result so far is PAM_SUCCESS. */
  readonly success: boolean;
}

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
      const applied = apply(action, answer === 'success', state, states[level] ?? START);
      const next = goOn(lines, at, action, applied);
      const found = walk(next.at, next.state, states, passed);
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
      return state;
  }
}

/** Where it goes on. A jump past the end of the stack, or of its substack, is a mistake that nobody gets in by. */
function goOn(
  lines: readonly PAMLine[],
  at: number,
  action: Action,
  state: State,
): { readonly at: number; readonly state: State } {
  const level = lines[at]?.level ?? 0;
  const levelAt = (index: number): number => lines[index]?.level ?? -1;
  let place = at;
  if (action === 'die' || (action === 'done' && state.impression === 'good')) {
    while (levelAt(place + 1) >= level) {
      place += 1;
    }
    return { at: place + 1, state };
  }
  let left = typeof action === 'number' ? action : 0;
  while (left > 0 && levelAt(place + 1) >= level) {
    left -= 1;
    place += 1;
    while (levelAt(place + 1) > level) {
      place += 1;
    }
  }
  return { at: place + 1, state: left > 0 ? { impression: 'bad', success: false } : state };
}
