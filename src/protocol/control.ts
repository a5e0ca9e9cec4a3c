// What an administrator's commands ask of the running daemon, over a socket of its own in a folder that only the daemon's user
// and root can enter: one line of JSON, one line back.
import * as z from 'zod/mini';

/** The name of the socket in the daemon's runtime folder. */
export const CONTROL_SOCKET = 'control.sock';

/** The longest line of a request and of a reply, in bytes. */
export const MAX_CONTROL_BYTES = 32 * 1024 * 1024;

/** A question to the daemon. */
export const controlRequest = z.union([
  z.strictObject({ ask: z.literal('status') }),
  z.strictObject({ ask: z.literal('sessions') }),
  /** By the numbers of `sessions`. */
  z.strictObject({ ask: z.literal('end'), ids: z.array(z.int()) }),
]);
export type ControlRequest = z.output<typeof controlRequest>;

const shownSession = z.object({
  id: z.int(),
  /** Undefined until the server knows the session. */
  server: z.optional(z.string()),
  pid: z.int(),
  role: z.string(),
  issuer: z.string(),
  service: z.string(),
  subject: z.string(),
  /** `NAMESPACE/NAME`, where the token is bound to a pod. */
  pod: z.optional(z.string()),
  /** Undefined for a unix socket. */
  address: z.optional(z.string()),
  /** Unix time in seconds, as the next two. */
  since: z.number(),
  expires: z.number(),
  ends: z.optional(z.number()),
  cause: z.optional(z.string()),
});
/** A session, as it is shown. */
export type ShownSession = z.output<typeof shownSession>;

const sample = z.object({
  name: z.string(),
  labels: z.record(z.string(), z.string()),
  value: z.number(),
});
/** A value of a metric of the daemon, under the names that Prometheus sees (docs/operate/daemon.md). */
export type Sample = z.output<typeof sample>;

const daemonStatus = z.object({
  version: z.string(),
  /** Unix time in seconds. */
  started: z.number(),
  /** Where issuers.yaml is. */
  config: z.string(),
  /** The SHA-256 of what is in force; undefined: nobody can log in. */
  inForce: z.optional(z.string()),
  /** Why issuers.yaml as it is now is not in force, a line each. */
  problems: z.array(z.string()),
  samples: z.array(sample),
});
/** How the daemon stands. */
export type DaemonStatus = z.output<typeof daemonStatus>;

/** What the daemon answers. */
export const controlReply = z.union([
  z.object({ status: daemonStatus }),
  z.object({ sessions: z.array(shownSession) }),
  z.object({ ended: z.array(z.int()) }),
  z.object({ problem: z.string() }),
]);
export type ControlReply = z.output<typeof controlReply>;
