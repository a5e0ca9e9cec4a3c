// How a pooler is, for whoever asks; never with a token.

/** What PgBouncer shows of the pool of a tenant. */
export interface PoolNumbers {
  readonly clientsActive: number;
  readonly clientsWaiting: number;
  readonly serversActive: number;
  readonly serversIdle: number;
  readonly serversLogin: number;
  /** Seconds that the first client in the queue has waited. */
  readonly maxWait: number;
}

/** One tenant. */
export interface TenantStatus {
  readonly alias: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly role: string;
  readonly source: string;
  /** Whether clients can log in: PgBouncer answers, and has a token that has not expired. */
  readonly ready: boolean;
  /** Of the token that PgBouncer has, Unix time in seconds; undefined where it has none. */
  readonly issuedAt: number | undefined;
  readonly expiresAt: number | undefined;
  /** Why there is no newer token, or none in force. */
  readonly fault: string | undefined;
  /** How often the source has failed. */
  readonly failures: number;
  readonly pool: PoolNumbers | undefined;
}

/** Everything. */
export interface PoolerStatus {
  /** Whether every tenant is. */
  readonly ready: boolean;
  readonly pgbouncer: {
    readonly up: boolean;
    readonly pid: number | undefined;
    readonly fault: string | undefined;
    readonly restarts: number;
    readonly reloads: number;
    readonly failedReloads: number;
  };
  readonly tenants: readonly TenantStatus[];
}
