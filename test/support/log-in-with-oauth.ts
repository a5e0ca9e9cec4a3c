// A client of PostgreSQL that presents a ready token over OAUTHBEARER (RFC 7628), as pgx does and libpq's own flow does not: just
// enough of the wire protocol to log in, to see how a login is refused, and to ask something.
import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectTLS } from 'node:tls';

/** Where and as whom to log in. */
export interface OAuthClientOptions {
  /** A port of 127.0.0.1, or the path of a unix socket. */
  readonly to: number | string;
  /** The certificate authority of the server, PEM; without one there is no TLS. */
  readonly authority?: string | undefined;
  readonly user: string;
  readonly database?: string;
  /** Further parameters of the startup message. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Empty: the client asks to be told where tokens come from. */
  readonly token: string;
}

/** What the server says. */
export interface ServerError {
  readonly severity: string;
  readonly message: string;
}

/** A client that was let in, or not. */
export interface OAuthClient {
  /** The error that ended the login; undefined: it is in. */
  readonly error: ServerError | undefined;
  /** The JSON that the server sends with a refusal. */
  readonly challenge: unknown;
  /** Asks something; throws what the server says instead. @returns the first column of each row */
  readonly query: (sql: string) => Promise<string[]>;
  readonly close: () => void;
}

/** A login that is under way. */
export interface OAuthLogin {
  /** When it is decided; rejects when the server closes without a word. */
  readonly client: Promise<OAuthClient>;
  /** Hangs up. */
  readonly leave: () => void;
}

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const PROTOCOL_3_0 = 0x00_03_00_00;
const HANG_LIMIT = 60_000;

/** Begins to log in. */
export function startOAuthLogin(options: OAuthClientOptions): OAuthLogin {
  let socket: Socket | undefined;
  const open = async (): Promise<OAuthClient> => {
    socket =
      typeof options.to === 'string'
        ? connectSocket(options.to)
        : connectSocket(options.to, '127.0.0.1');
    socket.on('error', () => undefined).setTimeout(HANG_LIMIT, () => socket?.destroy());
    await once(socket, 'connect');
    if (options.authority !== undefined) socket = await startTLS(socket, options.authority);
    return logIn(socket, options);
  };
  const client = open();
  client.catch(() => undefined);
  return { client, leave: () => socket?.destroy() };
}

/** Logs in, or is refused. */
export async function logInWithOAuth(options: OAuthClientOptions): Promise<OAuthClient> {
  return startOAuthLogin(options).client;
}

async function startTLS(plain: Socket, authority: string): Promise<Socket> {
  plain.write(SSL_REQUEST);
  const answer = await new Promise((resolve) => plain.once('data', resolve).once('close', resolve));
  if (String(answer) !== 'S') throw new Error('the server has no TLS');
  const socket = connectTLS({ socket: plain, ca: authority, servername: 'localhost' });
  await once(socket, 'secureConnect');
  socket.on('error', () => undefined);
  return socket;
}

async function logIn(socket: Socket, options: OAuthClientOptions): Promise<OAuthClient> {
  const { user, database = 'postgres', parameters = {}, token } = options;
  const next = readMessages(socket);
  const pairs = Object.entries({ user, database, ...parameters }).flat();
  socket.write(frame('', int32(PROTOCOL_3_0), text(...pairs, '')));
  let challenge: unknown;
  let error: ServerError | undefined;
  for (;;) {
    const { type, body } = await next();
    if (type === 'E') {
      error = parseError(body);
      break;
    }
    if (type === 'Z') break;
    if (type !== 'R') continue;
    const kind = body.readInt32BE(0);
    if (kind === 10) {
      const auth = token === '' ? '' : `Bearer ${token}`;
      const data = Buffer.from(`n,,\u0001auth=${auth}\u0001\u0001`, 'latin1');
      socket.write(frame('p', text('OAUTHBEARER'), int32(data.length), data));
    } else if (kind === 11) {
      challenge = JSON.parse(body.subarray(4).toString());
      socket.write(frame('p', Buffer.of(1)));
    } else if (kind !== 0) {
      throw new Error(`the server asks for authentication of kind ${kind}`);
    }
  }
  return {
    error,
    challenge,
    async query(sql) {
      socket.write(frame('Q', text(sql)));
      const rows: string[] = [];
      for (;;) {
        const { type, body } = await next();
        if (type === 'E') throw new Error(parseError(body).message);
        if (type === 'Z') return rows;
        if (type === 'D') {
          const length = body.readInt32BE(2);
          rows.push(length < 0 ? '' : body.subarray(6, 6 + length).toString());
        }
      }
    },
    close: () => socket.destroy(),
  };
}

interface Message {
  readonly type: string;
  readonly body: Buffer;
}

/** @returns what gives the next message; it throws when the server closes instead. */
function readMessages(socket: Socket): () => Promise<Message> {
  const chunks = socket[Symbol.asyncIterator]();
  let bytes: Buffer = Buffer.alloc(0);
  return async () => {
    for (;;) {
      const length = bytes.length < 5 ? Infinity : bytes.readInt32BE(1);
      if (bytes.length > length) {
        const body = bytes.subarray(5, length + 1);
        const type = bytes.toString('latin1', 0, 1);
        bytes = bytes.subarray(length + 1);
        return { type, body };
      }
      const chunk = (await chunks.next()) as IteratorResult<Buffer, undefined>;
      if (chunk.value === undefined) throw new Error('the server closed without a word');
      bytes = Buffer.concat([bytes, chunk.value]);
    }
  };
}

function parseError(body: Buffer): ServerError {
  const fields = new Map(
    body
      .toString()
      .split('\0')
      .map((field) => [field.slice(0, 1), field.slice(1)]),
  );
  return { severity: fields.get('V') ?? '', message: fields.get('M') ?? '' };
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** Strings, each with its NUL. */
function text(...strings: readonly string[]): Buffer {
  return Buffer.from(strings.map((string) => `${string}\0`).join(''));
}

function frame(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type, 'latin1'), int32(body.length + 4), body]);
}
