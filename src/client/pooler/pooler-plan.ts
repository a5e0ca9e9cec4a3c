// What `pgtoken pooler` is to do, as data: pooler.yaml becomes this.
import type { Address } from '../health/parse-address.ts';
import type { SourcePlan } from '../sources/source-plan.ts';

/** When a connection to the server goes back to the pool. */
export type PoolMode = 'session' | 'transaction' | 'statement';

/** A database that clients find at the pooler, under a name of its own. */
export interface TenantPlan {
  /** What clients call the database. */
  readonly alias: string;
  /** A name, an address, or the folder of a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** As whom PgBouncer logs in, and what clients name as their user. */
  readonly role: string;
  readonly source: SourcePlan;
  readonly poolSize: number;
  readonly poolMode: PoolMode;
  /** Seconds after which a connection to the server is replaced; undefined: by the life of the token. */
  readonly serverLifetime: number | undefined;
}

/** Where clients find PgBouncer. */
export interface ListenPlan {
  /** The folder of the unix socket; undefined: that of the pooler itself. */
  readonly folder: string | undefined;
  /** The permissions of the socket, in octal. */
  readonly mode: '0700' | '0770';
  /** An address of the loopback interface, or undefined for the unix socket alone. */
  readonly address: string | undefined;
  readonly port: number;
}

/** TLS to the servers; PgBouncer has one setting for all of them. */
export interface TLSPlan {
  readonly mode: 'verify-full' | 'verify-ca' | 'disable';
  /** Certificates of authorities, PEM. */
  readonly caFile: string;
}

/** What is said of PgBouncer itself. */
export interface ProgramPlan {
  readonly path: string;
  readonly maxClients: number;
  readonly ignoreStartupParameters: readonly string[];
}

/** Everything. */
export interface PoolerPlan {
  readonly listen: ListenPlan;
  readonly tls: TLSPlan;
  readonly tenants: readonly TenantPlan[];
  readonly pgbouncer: ProgramPlan;
  /** Seconds that clients get to end by themselves after SIGTERM. */
  readonly drain: number;
  readonly health?: Address;
  readonly readyFile?: string;
}
