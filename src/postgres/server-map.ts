// What is kept for each server of a configuration for as long as its connection is the same.
import type { ServerConnection } from '../values/parse-server-connection.ts';

/** A server of issuers.yaml, as far as it matters here. */
export interface NamedServer {
  readonly name: string;
  readonly connection: ServerConnection;
}

/** What is kept, by the name of its server. */
export interface ServerMap<T> {
  /** Takes over the servers of a configuration: what is kept for those by the same connection goes on, the rest is closed. */
  readonly set: (servers: readonly NamedServer[]) => void;
  readonly get: (name: string) => T | undefined;
  /** In the order of the servers. */
  readonly values: () => readonly T[];
  /** Closes all of it. */
  readonly close: () => void;
}

/** Creates a map without servers. */
export function createServerMap<T>(
  create: (server: NamedServer) => T,
  close: (kept: T) => void,
): ServerMap<T> {
  let entries = new Map<string, { readonly terms: string; readonly kept: T }>();
  return {
    set(servers) {
      const next: typeof entries = new Map();
      for (const server of servers) {
        const terms = JSON.stringify(server.connection);
        const current = entries.get(server.name);
        next.set(server.name, current?.terms === terms ? current : { terms, kept: create(server) });
      }
      for (const [name, entry] of entries) {
        if (next.get(name) !== entry) close(entry.kept);
      }
      entries = next;
    },
    get: (name) => entries.get(name)?.kept,
    values: () => [...entries.values()].map(({ kept }) => kept),
    close() {
      for (const { kept } of entries.values()) close(kept);
    },
  };
}
