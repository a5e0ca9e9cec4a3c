// The servers of issuers.yaml, each with a client that is made when something is asked of it, and whether it answers.
import type { ServerConfiguration } from '../config/schema/schema.ts';
import type { ServerClient } from '../postgres/server-client.ts';
import { createServerMap, type NamedServer } from '../postgres/server-map.ts';
import { type ServerError, toServerError } from '../postgres/server-error.ts';
import type { ServerConnection } from '../values/parse-server-connection.ts';

/** A server, and the way to it. */
export interface ServerLink {
  readonly name: string;
  /** Whether it answered when it was last asked; undefined before. */
  readonly isUp: boolean | undefined;
  /** Whether nobody listened on its socket when it was last asked: then it has no sessions. */
  readonly isAbsent: boolean;
  /**
   * Does something with it: to see sessions, or to end some. A server that refuses the one may do the other, and is told of until
   * it does both.
   *
   * @returns undefined where it does not answer, which has been told then. Never rejects.
   */
  use<T>(what: (client: ServerClient) => Promise<T>, kind?: 'see' | 'end'): Promise<T | undefined>;
}

/** The links to the servers in force. */
export interface ServerLinks {
  /** Takes over the servers of a configuration; those by the same connection go on. */
  set(servers: readonly ServerConfiguration[]): void;
  all(): readonly ServerLink[];
  has(name: string): boolean;
  close(): void;
}

/** Told when a server stops answering, and with undefined when it answers again. */
export type OnServerState = (server: string, error: ServerError | undefined) => void;

/** Creates links to no server. */
export function createServerLinks(
  createClient: (connection: ServerConnection) => ServerClient,
  onState: OnServerState,
): ServerLinks {
  const create = ({ name, connection }: NamedServer) => {
    const client = createClient(connection);
    let isUp: boolean | undefined;
    let isAbsent = false;
    let isClosed = false;
    const refused = new Set<'see' | 'end'>();
    const link: ServerLink = {
      name,
      get isUp() {
        return isUp;
      },
      get isAbsent() {
        return isAbsent;
      },
      async use(what, kind = 'see') {
        try {
          const result = await what(client);
          isAbsent = false;
          refused.delete(kind);
          if (refused.size === 0) {
            if (isUp === false && !isClosed) onState(name, undefined);
            isUp = true;
          }
          return result;
        } catch (thrown) {
          const error = toServerError(thrown);
          ({ isAbsent } = error);
          if (error.isRefused) refused.add(kind);
          if (isUp !== false && !isClosed) onState(name, error);
          isUp = false;
          return undefined;
        }
      },
    };
    const close = (): void => {
      isClosed = true;
      client.close();
    };
    return { link, close };
  };
  const links = createServerMap(create, (one) => {
    one.close();
  });

  return {
    set: links.set,
    all: () => links.values().map(({ link }) => link),
    has: (name) => links.get(name) !== undefined,
    close: links.close,
  };
}
