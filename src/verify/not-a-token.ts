// A password that is not a JWT. Often there is one in it, with something around it that belongs elsewhere; a hint of its own
// then says what. Nothing is taken off here: what is sent is the token or it is not.
import { refuse, type Refusal } from '../errors.ts';

/** A JOSE header is a JSON object: "{" and then a quote, a space, a line break or a tab, in base64url. */
const STARTS_LIKE_TOKEN = /^e(?:y[IJAB]|w[opkl01])/;

/** Whether a password starts like a JWT. */
export function startsLikeToken(password: string): boolean {
  return STARTS_LIKE_TOKEN.test(password);
}

/** The refusal of a password that does not even start like a JWT. */
export function notAToken(password: string): Refusal {
  if (password === '') {
    return refuse('ERR_NOT_A_TOKEN', 'the password is empty; expected a token (JWT)', SEND_IT);
  }
  const wrapping = findWrapping(password);
  return wrapping === undefined
    ? refuse('ERR_NOT_A_TOKEN', `${NOT_A_TOKEN} that start with "ey"`, SEND_IT)
    : refuse('ERR_NOT_A_TOKEN', wrapping.message, wrapping.hint);
}

/** The refusal of a password that starts like a JWT by chance. */
export function notATokenAfterAll(): Refusal {
  return refuse('ERR_NOT_A_TOKEN', NOT_A_TOKEN, SEND_IT);
}

const NOT_A_TOKEN = 'the password is not a JWT; expected three parts in base64url';
const SEND_IT = 'Send the token as the password, for example in PGPASSWORD.';

interface Wrapping {
  readonly start: RegExp;
  readonly message: string;
  readonly hint: string;
}

/** Expected in front of a token elsewhere, or left there by a program or an editor. Each takes at least one character. */
const WRAPPINGS: readonly Wrapping[] = [
  {
    start: /^(?:Authorization: ?)?Bearer +/i,
    message: 'the password has "Bearer" in front of the token; expected the token alone',
    hint: 'Take "Bearer" off the front: it belongs in an HTTP header, not in a password.',
  },
  {
    start: /^["'`]/,
    message: 'the password has a quote in front of the token; expected the token alone',
    hint: 'Take the quotes off the token; jq -r prints it without them.',
  },
  {
    // As text, and as the bytes of a password arrive.
    start: /^(?:\u{FEFF}|\u{EF}\u{BB}\u{BF})/u,
    message: 'the password has a byte order mark in front of the token; expected the token alone',
    hint: 'Save the file that holds the token without a byte order mark.',
  },
  {
    start: /^\s+/,
    message: 'the password has white space in front of the token; expected the token alone',
    hint: 'Take the white space off the front of the token.',
  },
];

/** What a token endpoint, kubectl or a cloud's command line answers, with the token in it. */
const JSON_WITH_TOKEN = /^\s*\{[^]*"(?:access_?token|id_?token|token)"\s*:\s*"e[yw]/i;
const JSON_ANSWER: Omit<Wrapping, 'start'> = {
  message: 'the password is JSON with a token in it; expected the token alone',
  hint: 'Send only the token of it, for example what jq -r .access_token prints.',
};

/** As many as are taken off to see whether there is a token behind them: `"Bearer eyJ…"` with a blank in front has three. */
const MOST_WRAPPINGS = 3;

/** The outermost thing in front of what starts like a token. */
function findWrapping(password: string): Omit<Wrapping, 'start'> | undefined {
  if (JSON_WITH_TOKEN.test(password)) return JSON_ANSWER;
  let outermost: Wrapping | undefined;
  let rest = password;
  for (let taken = 0; taken < MOST_WRAPPINGS; taken += 1) {
    const wrapping = WRAPPINGS.find(({ start }) => start.test(rest));
    if (wrapping === undefined) return undefined;
    outermost ??= wrapping;
    rest = rest.replace(wrapping.start, '');
    if (startsLikeToken(rest)) return outermost;
  }
  return undefined;
}
