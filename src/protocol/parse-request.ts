// The daemon's side of a request on the socket: NUL-terminated strings, in the words of pam_exec. docs/understand/protocol.md is
// the contract. Knows nothing of tokens, and believes nothing of what a client sends.

/** The longest request in bytes, all NULs included. */
export const MAX_REQUEST_BYTES = 128 * 1024;

const TOO_LONG = { problem: `over ${MAX_REQUEST_BYTES} bytes; expected at most that` };

/** The first string of a request: the protocol and its version. */
const MAGIC = 'pgtoken/1';

/** What the PAM module asks. Strings are as they came; what is not UTF-8 shows as U+FFFD. */
export interface PAMRequest {
  readonly service: string;
  readonly user: string;
  /** undefined when the module left it out: a unix socket. */
  readonly rhost: string | undefined;
  /** One character for each byte (Latin-1). */
  readonly token: string;
}

/** A request, or what is wrong with it in a few words; undefined while more bytes are needed. */
export type ParsedRequest = PAMRequest | { readonly problem: string } | undefined;

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
          : readRequest(strings, string);
      }
      if (strings.length === 0 && string.toString('latin1') !== MAGIC) {
        return { problem: `expected "${MAGIC}" first, saw another protocol or version` };
      }
      if (string.length === 0) {
        inToken = true;
      } else if (strings.length > FIELDS.length) {
        return { problem: `over ${FIELDS.length} fields; expected at most that` };
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

/** The fields in the order in which they stand; the last one may be left out. */
const FIELDS = ['PAM_SERVICE', 'PAM_USER', 'PAM_RHOST'];

function readRequest(strings: readonly Buffer[], token: Buffer): PAMRequest | { problem: string } {
  const values: string[] = [];
  for (const [at, string] of strings.slice(1).entries()) {
    const field = string.toString('utf8');
    const name = `${FIELDS[at]}=`;
    if (!field.startsWith(name)) {
      return { problem: `field ${at + 1} is not ${FIELDS[at]}; expected ${FIELDS.join(', ')}` };
    }
    values.push(field.slice(name.length));
  }
  const [service, user, rhost] = values;
  if (service === undefined || service === '' || user === undefined || user === '') {
    return { problem: 'PAM_SERVICE or PAM_USER is missing or empty; expected both' };
  }
  return { service, user, rhost, token: token.toString('latin1') };
}
