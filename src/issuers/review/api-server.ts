// Requests to one API server over HTTPS connections that are kept: a login must not wait for a handshake, nor an API server for
// hundreds of them. As careful as asking an issuer for its keys: the entry's own certificate authority, no redirects, bounded in
// time and size. The token to ask with is read anew for each request, and goes to this address alone.
import { addAbortListener } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FetchFailure } from '../../keys/fetch-result.ts';
import type { JSONObject } from '../../parse-json-object.ts';
import type { ReviewSource } from '../../review/review-source.ts';
import { connect } from '../connect.ts';
import { describeConnectionFailure } from '../describe-connection-failure.ts';
import type { LookUp } from '../look-up.ts';
import { readBearerToken } from '../read-bearer-token.ts';
import { readJSON } from '../read-json.ts';
import type { SecureContexts } from '../secure-contexts.ts';
import { STRICT_HTTP } from '../strict-http.ts';
import { createTurns } from './turns.ts';

/** What an API server answered. */
export type ApiAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly document: JSONObject }
  /** Nothing usable; why, in a few words that name the address. */
  | (FetchFailure & {
      readonly kind: 'failed';
      /** Whether the API server did answer, and will answer others: a right that is missing, or an answer of no use. */
      readonly isOfThisAlone?: boolean;
    });

/** One request. */
export interface ApiRequest {
  /** Below the address of the API server, beginning with a slash. */
  readonly path: string;
  /** JSON that is sent with POST; without one it is GET. */
  readonly body?: string;
  readonly accept: string;
  /** Which statuses have an answer that is read; 401, 403 and redirects never do. */
  readonly expected: readonly number[];
  /** The longest answer, in bytes and in values of its JSON; default: {@link MAX_RESPONSE_BYTES}, and as for key sets. */
  readonly most?: { readonly bytes: number; readonly values: number };
  /** What the token to ask with has to permit, for advice. */
  readonly right: string;
}

/** An API server that can be asked. */
export interface ApiServer {
  /** Asks it. Throws only for defects of ours. */
  ask(asked: ApiRequest): Promise<ApiAnswer>;
  /** Ends its connections, once what is under way is answered. */
  close(): void;
}

/** What API servers have in common. */
export interface ApiServerOptions {
  readonly secureContexts: SecureContexts;
  readonly lookUp: LookUp;
}

/** Requests under way at a time, each over a connection of its own, and those that wait for their turn. */
const MOST = 8;
const MOST_WAITING = 256;
/** What has to be left of the time for an answer when a turn comes. */
const LEAST_SHARE = 0.1;
/** How long a connection that nobody uses is kept, in milliseconds. A Go server keeps it for longer. */
const KEPT_FOR = 30_000;
/** The longest answer, which has the token in it, in bytes. */
const MAX_RESPONSE_BYTES = 1024 * 1024;

/** Creates one. Nothing is sent until it is asked. */
export function createApiServer(source: ReviewSource, options: ApiServerOptions): ApiServer {
  const base = new URL(source.url);
  const agent = new KeptConnections(base, source, options);
  const turns = createTurns(MOST, MOST_WAITING);
  let underWay = 0;
  let isClosed = false;

  const exchange = async (asked: ApiRequest, signal: AbortSignal): Promise<ApiAnswer> => {
    const url = `${source.url}${asked.path}`;
    const bearer = readBearerToken(source.bearerTokenFile, 'review.bearerTokenFile');
    if (!bearer.ok) {
      return {
        kind: 'failed',
        reason: bearer.reason,
        hint: 'Have the file written anew, with one token, by whoever keeps it; only its owner may be able to write it.',
      };
    }
    for (let attempt = 1; ; attempt += 1) {
      agent.signal = signal;
      const asking = request({
        agent,
        method: asked.body === undefined ? 'GET' : 'POST',
        path: `${base.pathname.replace(/\/$/, '')}${asked.path}`,
        headers: {
          host: base.host,
          accept: asked.accept,
          'accept-encoding': 'identity',
          'user-agent': 'pgtoken',
          authorization: `Bearer ${bearer.token}`,
          ...(asked.body === undefined
            ? {}
            : {
                'content-type': 'application/json',
                'content-length': Buffer.byteLength(asked.body),
              }),
        },
        setHost: false,
        signal,
        ...STRICT_HTTP,
      });
      const aborted = Promise.withResolvers<never>();
      aborted.promise.catch(() => undefined);
      // A request that still waits for a connection hears of nothing until there is one.
      using _ending = addAbortListener(signal, () => {
        aborted.reject(new Error('too late'));
      });
      let isWhole = false;
      try {
        const { response, broken } = await send(asking, asked.body, aborted.promise);
        response.on('end', () => {
          isWhole = response.complete;
        });
        return await Promise.race([readAnswer(url, response, asked), broken, aborted.promise]);
      } catch (error) {
        // The other side has ended a kept connection in the very moment: it has seen nothing of the request.
        if (asking.reusedSocket && !signal.aborted && attempt <= MOST) {
          continue;
        }
        return fail(url, error, signal, source);
      } finally {
        // A connection of which not all was read serves for nothing else.
        if (!isWhole) asking.destroy();
      }
    }
  };

  return {
    async ask(asked) {
      const milliseconds = Math.max(1, source.timeout * 1000);
      const deadline = performance.now() + milliseconds;
      const signal = AbortSignal.timeout(milliseconds);
      const turn = await turns.take(signal);
      if (turn === 'full') {
        return {
          kind: 'failed',
          reason: `${source.url}: ${MOST_WAITING} questions wait already`,
          hint: 'The API server answers too slowly for so many logins at a time: see why, or raise review.cacheFor.',
        };
      }
      if (turn === 'late') {
        return late(`${source.url}${asked.path}`, source);
      }
      underWay += 1;
      try {
        // Where an API server hangs, the turns of those that it has kept come just before it is too late for the next ones: these
        // would begin hundreds of connections in one moment.
        if (deadline - performance.now() < milliseconds * LEAST_SHARE) {
          return late(`${source.url}${asked.path}`, source);
        }
        return await exchange(asked, signal);
      } finally {
        underWay -= 1;
        turn.release();
        if (isClosed && underWay === 0) agent.destroy();
      }
    },
    close() {
      isClosed = true;
      if (underWay === 0) agent.destroy();
    },
  };
}

/** Connections whose server has proved who it is. */
class KeptConnections extends Agent {
  /** Of the request that is made now: it ends a connection that is begun for it, as long as that is being made. */
  signal = AbortSignal.abort();
  readonly #url: URL;
  readonly #source: ReviewSource;
  readonly #options: ApiServerOptions;

  constructor(url: URL, source: ReviewSource, options: ApiServerOptions) {
    super({ keepAlive: true, maxFreeSockets: MOST, timeout: KEPT_FOR });
    this.#url = url;
    this.#source = source;
    this.#options = options;
  }

  override createConnection(
    _request: unknown,
    handOver: (error: Error | null, socket?: Duplex) => void,
  ): undefined {
    const { certificateAuthority, proxyURL } = this.#source;
    const { secureContexts, lookUp } = this.#options;
    const connecting = Promise.try(async () =>
      connect(this.#url, {
        secureContext: secureContexts(certificateAuthority),
        proxyURL,
        lookUp,
        signal: this.signal,
      }),
    );
    connecting.then(
      (socket) => {
        handOver(null, socket);
      },
      (error: Error) => {
        handOver(error);
      },
    );
    return undefined;
  }
}

interface Exchange {
  /** The head of the answer; its body is still to be read. */
  readonly response: IncomingMessage;
  /** Rejects when the answer turns out not to be HTTP, or the connection ends. */
  readonly broken: Promise<never>;
}

async function send(
  asking: ClientRequest,
  body: string | undefined,
  aborted: Promise<never>,
): Promise<Exchange> {
  const head = Promise.withResolvers<IncomingMessage>();
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => undefined);
  asking
    .on('response', head.resolve)
    .on('upgrade', head.resolve)
    .on('error', broken.reject)
    .end(body);
  const response = await Promise.race([head.promise, broken.promise, aborted]);
  return { response, broken: broken.promise };
}

async function readAnswer(
  url: string,
  response: IncomingMessage,
  { expected, right, most }: ApiRequest,
): Promise<ApiAnswer> {
  const { statusCode: status = 0 } = response;
  if (status === 401 || status === 403) {
    return {
      kind: 'failed',
      reason:
        status === 401
          ? `${url} answered 401 to our own token (review.bearerTokenFile)`
          : `${url} answered 403: our own token (review.bearerTokenFile) may not ${right}`,
      hint:
        status === 401
          ? 'Replace the token in review.bearerTokenFile: it has expired, or is for another audience than the API server.'
          : `Let its service account ${right}, for example by ClusterRole system:auth-delegator or packaging/examples/kubernetes/reviewer.yaml.`,
      isOfThisAlone: status === 403,
    };
  }
  if (!expected.includes(status)) {
    const redirect = status >= 300 && status < 400 ? ' (a redirect, which is not followed)' : '';
    return {
      kind: 'failed',
      reason: `${url} answered ${status}${redirect}; expected ${expected.join(' or ')}`,
      hint: HINT,
    };
  }
  const read = await readJSON(url, response, most?.bytes ?? MAX_RESPONSE_BYTES, most?.values);
  return 'reason' in read
    ? { kind: 'failed', reason: read.reason, hint: HINT, isOfThisAlone: true }
    : { kind: 'answer', status, ...read };
}

const HINT =
  'Check that review.url is the address of the API server (curl -v), and how that is; it is asked again for each login.';

function fail(url: string, error: unknown, signal: AbortSignal, source: ReviewSource): ApiAnswer {
  if (signal.aborted) {
    return late(url, source);
  }
  const { certificateAuthority, proxyURL } = source;
  const attempt = { certificateAuthority, proxyURL, signal };
  const { reason, hint, untrusted } = describeConnectionFailure(error, attempt);
  return {
    kind: 'failed',
    reason: `${url}${describeWay(source)}: ${reason}`,
    hint: untrusted === true ? hint : HINT,
  };
}

function late(url: string, source: ReviewSource): ApiAnswer {
  return {
    kind: 'failed',
    reason: `${url}${describeWay(source)}: no answer in time (review.timeout)`,
    hint: 'Check name servers, route and firewall between this host and the API server; raise review.timeout if it is just slow.',
  };
}

function describeWay({ proxyURL }: ReviewSource): string {
  return proxyURL === undefined ? '' : ` through ${proxyURL}`;
}
