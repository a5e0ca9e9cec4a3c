// The second word of a line in a PAM service: what becomes of each answer that a module may give (pam.conf(5)).

/** What becomes of an answer; a number jumps over that many modules. */
export type Action = 'ok' | 'done' | 'bad' | 'die' | 'ignore' | 'reset' | number;

/** Actions by answer, and by `default`. What is in neither is bad. */
export type Control = Readonly<Record<string, Action>>;

const KEYWORDS: Readonly<Record<string, Control>> = {
  required: { success: 'ok', new_authtok_reqd: 'ok', ignore: 'ignore', default: 'bad' },
  requisite: { success: 'ok', new_authtok_reqd: 'ok', ignore: 'ignore', default: 'die' },
  sufficient: { success: 'done', new_authtok_reqd: 'done', default: 'ignore' },
  optional: { success: 'ok', new_authtok_reqd: 'ok', default: 'ignore' },
};
const ANSWERS: ReadonlySet<string> = new Set(
  (
    'success open_err symbol_err service_err system_err buf_err perm_denied auth_err cred_insufficient authinfo_unavail ' +
    'user_unknown maxtries new_authtok_reqd acct_expired session_err cred_unavail cred_expired cred_err no_module_data ' +
    'conv_err authtok_err authtok_recover_err authtok_lock_busy authtok_disable_aging try_again ignore abort ' +
    'authtok_expired module_unknown bad_item conv_again incomplete default'
  ).split(' '),
);
const ACTIONS: ReadonlySet<string> = new Set(['ok', 'done', 'bad', 'die', 'ignore', 'reset']);

/** @param control a keyword, in any case, or `[answer=action …]`. */
export function parseControl(control: string): Control {
  const keyword = control.toLowerCase();
  if (Object.hasOwn(KEYWORDS, keyword)) {
    return KEYWORDS[keyword] ?? {};
  }
  const inside = control.replaceAll(/^\[|\]$/g, '').replaceAll(/\s*=\s*/g, '=');
  const actions: Record<string, Action> = {};
  for (const pair of inside.trim().split(/\s+/)) {
    const [, name = '', value = ''] = /^([a-z_]+)=([a-z0-9]+)$/.exec(pair) ?? [];
    const action = parseAction(value);
    if (action === undefined || !ANSWERS.has(name)) {
      // One mistake, and libpam takes every answer for a failure.
      return {};
    }
    actions[name] = action;
  }
  return actions;
}

function parseAction(value: string): Action | undefined {
  if (/^[1-9][0-9]*$/.test(value)) {
    return Number(value);
  }
  return isAction(value) ? value : undefined;
}

function isAction(word: string): word is Exclude<Action, number> {
  return ACTIONS.has(word);
}
