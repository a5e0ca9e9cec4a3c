// What pam_oidc decides, as a model of its own: written from its sources, and sharing nothing with src/migrate, which is held to
// it. It knows the templates of the vectors; any other is an error here, not a decision.
//
// Sources: github.com/salesforce/pam_oidc at 1788842 (config.go, authenticator.go), its maintained fork
// github.com/MatthiasValvekens/pam_oidc at 517114c (pam_oidc/config.go, authenticator.go; oidc/claims.go, oidc/verifier.go), and the
// packages they stand on: jwt/validation.go of go-jose, text/template and encoding/json of Go.

type JSONMap = Readonly<Record<string, unknown>>;

/** Why pam_oidc refuses. */
class Refused extends Error {}

/** go-jose, jwt/validation.go: DefaultLeeway, in seconds. */
const LEEWAY = 60;

/**
 * Decides for the auth line of a service file.
 *
 * @param claims those of a token with a good signature and a kid, which pam_oidc demands.
 * @param now Unix time in seconds.
 * @returns undefined when pam_oidc grants, else why not.
 */
export function decideAsPAMOIDC(
  line: string,
  claims: JSONMap,
  user: string,
  now: number,
): string | undefined {
  try {
    decide(readArguments(line), claims, user, now);
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return error.message;
    throw error;
  }
}

function decide(
  options: ReadonlyMap<string, string>,
  claims: JSONMap,
  user: string,
  now: number,
): void {
  const [issuer, aud] = [options.get('issuer') ?? '', options.get('aud') ?? ''];
  if (issuer === '' || aud === '') throw new Refused('issuer or aud is missing'); // pam_oidc.go
  if (user === '') throw new Refused('no user'); // pam_oidc.go: PAM_USER_UNKNOWN

  validate(claims, issuer, aud, now);
  const fields = unmarshal(claims);
  const wanted = execute(options.get('user_template') || '{{.Subject}}', fields);
  if (wanted !== user) throw new Refused(`the template gives ${JSON.stringify(wanted)}`);

  const groups = options.get('authorized_groups')?.split(',');
  if (groups !== undefined) {
    const member = fields.Extra[options.get('groups_claim_key') || 'groups'];
    if (!Array.isArray(member)) throw new Refused('no list of groups');
    if (!groups.some((group) => member.includes(group))) throw new Refused('no authorized group');
  }
  // config.go: require_acr is a list of one; the later of both options counts.
  const acrs = options.has('require_acrs')
    ? options.get('require_acrs')?.split(',')
    : options.has('require_acr')
      ? [options.get('require_acr')]
      : undefined;
  if (acrs !== undefined && !acrs.includes(fields.ACR)) throw new Refused('no accepted acr');
}

/** linux-pam, _pam_tokenize: tokens by blanks, or in brackets. The first three are type, control and module. */
function readArguments(line: string): ReadonlyMap<string, string> {
  const tokens = line
    .replaceAll(/\\\n/g, ' ')
    .replace(/#.*/, '')
    .split(/(\[(?:\\\]|[^\]])*\])|\s+/)
    .filter((token) => token !== undefined && token !== '')
    .map((token) => (token.startsWith('[') ? token.slice(1, -1).replaceAll('\\]', ']') : token));
  const options = new Map<string, string>();
  for (const token of tokens.slice(3)) {
    const at = token.indexOf('=');
    if (at === -1) throw new Refused(`malformed arg: ${token}`); // config.go
    const name = token.slice(0, at);
    if (name.startsWith('require_acr')) {
      options.delete('require_acr');
      options.delete('require_acrs');
    }
    options.set(name, token.slice(at + 1));
  }
  return options;
}

/** go-jose, jwt/validation.go: ValidateWithLeeway. What is not there is not checked, but for iss and aud. */
function validate(claims: JSONMap, issuer: string, aud: string, now: number): void {
  if (claims['iss'] !== issuer) throw new Refused('iss');
  const audience: unknown = claims['aud'];
  const audiences: unknown[] = Array.isArray(audience) ? audience : [audience];
  if (!audiences.includes(aud)) throw new Refused('aud');
  const { nbf, exp, iat } = claims;
  if (typeof nbf === 'number' && now + LEEWAY < nbf) throw new Refused('nbf');
  if (typeof exp === 'number' && now - LEEWAY > exp) throw new Refused('exp');
  if (typeof iat === 'number' && now + LEEWAY < iat) throw new Refused('iat');
}

interface Fields {
  readonly Issuer: string;
  readonly Subject: string;
  readonly Nonce: string;
  readonly ACR: string;
  readonly AZP: string;
  readonly Extra: JSONMap;
}

/**
 * oidc/claims.go, UnmarshalJSON. Into the fields of the struct encoding/json reads names whatever their case, the later of two
 * counts; Extra has every claim under its own name but the ones that are deleted.
 */
function unmarshal(claims: JSONMap): Fields {
  const text = (name: string): string => {
    let value = '';
    for (const [key, member] of Object.entries(claims)) {
      if (key.toLowerCase() !== name || member === null) continue;
      if (typeof member !== 'string') throw new Refused(`${key} is no string`);
      value = member;
    }
    return value;
  };
  const amr = claims['amr'];
  if (amr !== undefined && !Array.isArray(amr)) throw new Refused('amr is no list');
  const deleted = 'iss sub aud exp iat auth_time nonce acr amr azp'.split(' ');
  return {
    Issuer: text('iss'),
    Subject: text('sub'),
    Nonce: text('nonce'),
    ACR: text('acr'),
    AZP: text('azp'),
    Extra: Object.fromEntries(Object.entries(claims).filter(([name]) => !deleted.includes(name))),
  };
}

/** text/template: actions between texts. A "-" at a delimiter takes the white space beyond it away. */
function execute(template: string, fields: Fields): string {
  return template
    .replaceAll(/\s*\{\{-(?=\s)/g, '{{')
    .replaceAll(/\s-\}\}\s*/g, '}}')
    .replaceAll(/\{\{\s?\/\*.*?\*\/\}\}/g, '')
    .replaceAll(/\{\{(.*?)\}\}/g, (_, action: string) => print(evaluate(action, fields)));
}

/** text/template, exec.go: the value of a command is the last argument of the next. */
function evaluate(action: string, fields: Fields): unknown {
  let value: unknown;
  // A pipeline in parentheses at its beginning is what it is without them.
  const pipeline = action.replace(/^\s*\(([^)]*)\)/, '$1');
  for (const [index, command] of pipeline.split(/\|(?=[^"]*(?:"[^"]*"[^"]*)*$)/).entries()) {
    const words = [...command.matchAll(/"[^"]*"|`[^`]*`|\S+/g)].map(([word]) => word);
    const given = words.map((word) => (/^["`.]/.test(word) ? operand(word, fields) : word));
    value = call([...given, ...(index === 0 ? [] : [value])]);
  }
  return value;
}

function operand(word: string, fields: Fields): unknown {
  if (word.startsWith('"')) return JSON.parse(word);
  if (word.startsWith('`')) return word.slice(1, -1);
  const [name = '', ...below] = word.slice(1).split('.');
  if (!Object.hasOwn(fields, name)) throw new Refused(`can't evaluate field ${name}`);
  let value: unknown = new Map<string, unknown>(Object.entries(fields)).get(name);
  for (const step of below) {
    if (typeof value !== 'object' || value === null)
      throw new Refused(`can't evaluate field ${step}`);
    value = new Map<string, unknown>(Object.entries(value)).get(step);
  }
  return value;
}

/** authenticator.go: the two functions take strings; what is none ends the execution. */
function call([first, ...rest]: readonly unknown[]): unknown {
  const [a, b] = rest;
  if (first === 'trimPrefix' || first === 'trimSuffix') {
    if (typeof a !== 'string' || typeof b !== 'string') throw new Refused('wrong type for value');
    if (first === 'trimPrefix') return b.startsWith(a) ? b.slice(a.length) : b;
    return b.endsWith(a) ? b.slice(0, b.length - a.length) : b;
  }
  if (first === 'index' && typeof a === 'object' && a !== null && typeof b === 'string') {
    return new Map<string, unknown>(Object.entries(a)).get(b);
  }
  if (rest.length > 0) throw new Error(`the model does not know ${String(first)}`);
  return first;
}

/** text/template prints as fmt does: nothing as "<no value>", a list in brackets. */
function print(value: unknown): string {
  if (value === undefined || value === null) return '<no value>';
  if (Array.isArray(value)) return `[${value.map((item) => print(item)).join(' ')}]`;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error('the model does not know how Go writes this value');
}
