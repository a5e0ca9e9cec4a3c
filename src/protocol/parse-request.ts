// The daemon's side of a request on the socket: NUL-terminated strings, in the words of pam_exec. docs/understand/protocol.md is
// the contract. Knows nothing of tokens, and believes nothing of what a client sends.

/** The longest request in bytes, all NULs included. */
export const MAX_REQUEST_BYTES = 128 * 1024;

const TOO_LONG = { problem: `over ${MAX_REQUEST_BYTES} bytes; expected at most that` };

/** What the OAuth validator asks in, and nobody else. */
const OAUTH_VERSION = 'pgtoken/3';

/** The fields of each version in the order in which they stand; the last one may be left out. */
const FIELDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['pgtoken/1', ['PAM_SERVICE', 'PAM_USER', 'PAM_RHOST']],
  ['pgtoken/2', ['PAM_SERVICE', 'PAM_USER', 'PID', 'PAM_RHOST']],
  [OAUTH_VERSION, ['PAM_SERVICE', 'PAM_USER', 'PID', 'DATABASE', 'TRANSPORT', 'PAM_RHOST']],
]);

/** How a token came to PostgreSQL: with TLS, with GSSAPI's encryption, over a unix socket, or over a network as it is. */
const TRANSPORTS = ['tls', 'gss', 'unix', 'plain'] as const;
type Transport = (typeof TRANSPORTS)[number];

/** Who asks: the PAM module or the OAuth validator. */
export type Via = 'pam' | 'oauth';

/** What is asked. Strings are as they came; what is not UTF-8 shows as U+FFFD. */
export interface DaemonRequest {
  readonly via: Via;
  readonly service: string;
  readonly user: string;
  /** undefined when it was left out: a unix socket. */
  readonly rhost: string | undefined;
  /** The process that asks, as it knows itself: a backend of PostgreSQL. undefined in version 1. */
  readonly pid: number | undefined;
  /** The database that is connected to, as the client named it. Of the validator alone, as the next one. */
  readonly database: string | undefined;
  readonly transport: Transport | undefined;
  /** One character for each byte (Latin-1). */
  readonly token: string;
}

/** A request, or what is wrong with it in a few words; undefined while more bytes are needed. */
export type ParsedRequest = DaemonRequest | { readonly problem: string } | undefined;

/** Collects the bytes of one request. */
export interface RequestParser {
  /** Takes more bytes. Once it has returned something other than undefined it must not be called again. */
  push(chunk: Buffer): ParsedRequest;
}

/** Creates a parser for one request. Keeps at most {@link MAX_REQUEST_BYTES}, in whatever pieces they come. */
export function createRequestParser(): RequestParser {
  const strings: Buffer[] = [];
  /** Grows as bytes come; the strings above are parts of it, or of a smaller one before it. */
  let buffer: Buffer = EMPTY;
  let length = 0;
  /** Where the string begins that is not ended yet. */
  let start = 0;
  let inToken = false;
  let version = '';
  /** Of the version; empty until the first string is there. */
  let fields: readonly string[] = [];

  const parse = (chunk: Buffer): ParsedRequest => {
    if (length + chunk.length > MAX_REQUEST_BYTES) {
      return TOO_LONG;
    }
    buffer = append(buffer, length, chunk);
    // What came before has no NUL left in it.
    let searched = length;
    length += chunk.length;
    for (;;) {
      const end = buffer.subarray(0, length).indexOf(0, searched);
      if (end === -1) {
        return length < MAX_REQUEST_BYTES ? undefined : TOO_LONG;
      }
      const string = buffer.subarray(start, end);
      start = end + 1;
      searched = start;
      if (inToken) {
        return start < length
          ? { problem: 'bytes follow the NUL that ends the token; expected nothing' }
          : readRequest(version, fields, strings, string);
      }
      if (fields.length === 0) {
        version = string.toString('latin1');
        const known = FIELDS.get(version);
        if (known === undefined) {
          return { problem: `expected ${VERSIONS} first, saw another protocol or version` };
        }
        fields = known;
      } else if (string.length === 0) {
        inToken = true;
      } else if (strings.length === fields.length) {
        return { problem: `over ${fields.length} fields; expected at most that` };
      } else {
        strings.push(string);
      }
    }
  };
  return {
    push(chunk) {
      const parsed = parse(chunk);
      if (parsed !== undefined) {
        // The connection may live on for a while; its bytes need not.
        buffer = EMPTY;
        strings.length = 0;
      }
      return parsed;
    },
  };
}

const EMPTY = Buffer.alloc(0);
const VERSIONS = [...FIELDS.keys()].map((version) => `"${version}"`).join(' or ');

/** Puts a chunk behind what is there. @returns the same buffer, one of at least twice its size, or the first chunk. */
function append(buffer: Buffer, length: number, chunk: Buffer): Buffer {
  if (length === 0) {
    return chunk;
  }
  let room = buffer;
  if (length + chunk.length > buffer.length) {
    room = Buffer.alloc(
      Math.min(Math.max(buffer.length * 2, length + chunk.length), MAX_REQUEST_BYTES),
    );
    buffer.copy(room, 0, 0, length);
  }
  chunk.copy(room, length);
  return room;
}

/** Any that a kernel gives: 1 to 2^31 - 1, without anything in front. */
const PID = /^[1-9][0-9]{0,9}$/;
const MAX_PID = 2 ** 31 - 1;

function readRequest(
  version: string,
  fields: readonly string[],
  strings: readonly Buffer[],
  token: Buffer,
): DaemonRequest | { problem: string } {
  const values: Record<string, string> = {};
  for (const [at, string] of strings.entries()) {
    const field = string.toString('utf8');
    const name = fields[at] ?? '';
    if (!field.startsWith(`${name}=`)) {
      return { problem: `field ${at + 1} is not ${name}; expected ${fields.join(', ')}` };
    }
    values[name] = field.slice(name.length + 1);
  }
  const { PAM_SERVICE: service, PAM_USER: user, PAM_RHOST: rhost, PID: pid } = values;
  const { DATABASE: database, TRANSPORT } = values;
  if (service === undefined || service === '' || user === undefined || user === '') {
    return { problem: 'PAM_SERVICE or PAM_USER is missing or empty; expected both' };
  }
  if (fields.includes('PID') && !(pid !== undefined && PID.test(pid) && Number(pid) <= MAX_PID)) {
    return { problem: `PID is missing or no process ID; expected a number of 1 to ${MAX_PID}` };
  }
  const isOAuth = version === OAUTH_VERSION;
  const transport = TRANSPORTS.find((known) => known === TRANSPORT);
  if (isOAuth && (database === undefined || transport === undefined)) {
    const names = TRANSPORTS.join(', ');
    return {
      problem: `DATABASE or TRANSPORT is missing or unknown; expected both, one of ${names}`,
    };
  }
  return {
    via: isOAuth ? 'oauth' : 'pam',
    service,
    user,
    rhost,
    pid: pid === undefined ? undefined : Number(pid),
    database,
    transport,
    token: token.toString('latin1'),
  };
}
