// When roles were last logged in to, as servers are told of it: in batches, by a connection of its own that is there only meanwhile,
// so that no login waits for it and none writes anything for it.
//
// What cannot be told yet is kept, a role once however often it logs in. Where it becomes too much the server is told that logins are
// missing, and counts anew: no role looks unused for want of memory.
import type { Policy } from '../policy/policy.ts';
import { provisionServersOf } from '../policy/provision-server.ts';
import { recordLogins, type RoleUse } from '../postgres/record-logins.ts';
import type { ServerClient } from '../postgres/server-client.ts';
import { type ServerError, toServerError } from '../postgres/server-error.ts';
import { createServerMap } from '../postgres/server-map.ts';
import type { ServerConnection } from '../values/parse-server-connection.ts';

/** Logins that servers are to be told of. */
export interface LoginRecords {
  /** Takes over the servers in which entries provision roles. */
  usePolicy(policy: Policy): void;
  /** A login that was granted, for all of them: in which server it was is not known, whatever its entry provisions. */
  add(use: RoleUse): void;
  /**
   * Tells the servers, as far as they answer. Never rejects; a second call waits for the first.
   *
   * @param all whether also those are told for which nothing waits: they know by that that logins are recorded.
   */
  flush(all: boolean): Promise<void>;
}

/** What surrounds {@link LoginRecords}. */
export interface LoginRecordsOptions {
  readonly createClient: (connection: ServerConnection) => ServerClient;
  /** Told where a server can no longer be told, and with undefined where it can again. */
  readonly onState: (server: string, error: ServerError | undefined) => void;
}

/** So many roles wait for a server at most. */
const MAX_WAITING = 20_000;

interface Records {
  readonly server: string;
  readonly connection: ServerConnection;
  /** By role. */
  waiting: Map<string, RoleUse>;
  isComplete: boolean;
  /** Whether the server is just being told of something. */
  isTelling: boolean;
  hasFailed: boolean;
}

const isUntold = ({ waiting, isComplete }: Records): boolean => waiting.size > 0 || !isComplete;

/** Creates it without servers. */
export function createLoginRecords({ createClient, onState }: LoginRecordsOptions): LoginRecords {
  const records = createServerMap<Records>(
    ({ name, connection }) => ({
      server: name,
      connection,
      waiting: new Map(),
      isComplete: true,
      isTelling: false,
      hasFailed: false,
    }),
    () => undefined,
  );
  let flushing: Promise<void> = Promise.resolve();

  const keep = (kept: Records, use: RoleUse): void => {
    if (kept.waiting.size < MAX_WAITING || kept.waiting.has(use.role)) {
      kept.waiting.set(use.role, use);
    } else {
      kept.isComplete = false;
    }
  };
  const tell = async (kept: Records): Promise<void> => {
    const { waiting, isComplete } = kept;
    kept.isTelling = isUntold(kept);
    kept.waiting = new Map();
    kept.isComplete = true;
    const client = createClient(kept.connection);
    try {
      await recordLogins(client, [...waiting.values()], isComplete);
      if (kept.hasFailed) onState(kept.server, undefined);
      kept.hasFailed = false;
    } catch (thrown) {
      if (!isComplete) kept.isComplete = false;
      // What has come meanwhile is newer.
      for (const use of waiting.values()) {
        if (!kept.waiting.has(use.role)) keep(kept, use);
      }
      if (!kept.hasFailed) onState(kept.server, toServerError(thrown));
      kept.hasFailed = true;
    } finally {
      kept.isTelling = false;
      client.close();
    }
  };

  return {
    usePolicy(policy) {
      const before = new Set(records.values());
      records.set(provisionServersOf(policy));
      const now = new Set(records.values());
      // What waited by a connection that is gone is lost, and the server may be one of those that are new.
      if ([...before.difference(now)].some((kept) => kept.isTelling || isUntold(kept))) {
        for (const kept of now.difference(before)) kept.isComplete = false;
      }
    },
    add(use) {
      for (const kept of records.values()) keep(kept, use);
    },
    async flush(all) {
      flushing = flushing.then(async () => {
        const due = records.values().filter((kept) => all || isUntold(kept));
        await Promise.all(due.map(tell));
      });
      return flushing;
    },
  };
}
