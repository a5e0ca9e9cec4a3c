// The tokens of the tenants: each source is followed once, however many tenants share it, and what goes wrong with one touches no
// other.
import type { Clock } from '../../clock.ts';
import type { ClientLog } from '../client-log.ts';
import { hasExpired } from '../token/choose-token.ts';
import { type ClientToken, fault, type TokenFault } from '../token/client-token.ts';
import { followToken, type TokenFollower } from '../token/follow-token.ts';
import type { TokenSource } from '../token/token-source.ts';
import type { TenantPlan } from './pooler-plan.ts';
import type { TenantLogin } from './render-files.ts';

/** A tenant and where its tokens come from; tenants may share a source. */
export interface SourcedTenant {
  readonly plan: TenantPlan;
  readonly source: TokenSource;
}

/** What follows them. */
export interface FollowTenantsOptions {
  readonly tenants: readonly SourcedTenant[];
  readonly clock: Clock;
  readonly log: ClientLog;
  /** The longest token that PgBouncer takes, in bytes; undefined: any. */
  readonly longestToken: number | undefined;
  readonly random: () => number;
  /** Told when a tenant may have another token, or none any more. */
  readonly onChange: () => void;
}

/** The tokens as they are. */
export interface TenantTokens {
  /** In the order of the tenants. A token that has expired, or is about to, is none. */
  readonly logins: () => readonly TenantLogin[];
  /** Why a tenant has no newer token; undefined while its source is well. */
  readonly faultOf: (tenant: SourcedTenant) => TokenFault | undefined;
  /** How often its source has failed. */
  readonly failuresOf: (tenant: SourcedTenant) => number;
  /** Resolves once each source was looked at. */
  readonly firstLooks: Promise<unknown>;
  readonly stop: () => void;
}

/**
 * A login that begins with a token must end before it expires: in its last second PgBouncer does not have it any more. In
 * seconds.
 */
const LAST_MOMENT = 1;

/** Whether it may be handed to PgBouncer. @param now Unix time in seconds. */
export function isUsable(token: ClientToken | undefined, now: number): token is ClientToken {
  return token !== undefined && !hasExpired(token, now + LAST_MOMENT);
}

/** Begins to follow them. */
export function followTenants(options: FollowTenantsOptions): TenantTokens {
  const { tenants, clock, log, longestToken, random, onChange } = options;
  const followers = new Map<TokenSource, TokenFollower>();
  const failures = new Map<TokenSource, number>();
  const looks: Promise<unknown>[] = [];

  const start = (source: TokenSource): TokenFollower => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    looks.push(promise);
    return followToken({
      source,
      clock,
      random,
      onToken: () => {
        resolve(undefined);
        onChange();
      },
      onFault: ({ reason, hint }) => {
        resolve(undefined);
        failures.set(source, (failures.get(source) ?? 0) + 1);
        log.warn({ source: source.name, reason, hint }, 'there is no new token');
      },
      onRecovery: () => {
        log.info({ source: source.name }, 'there are new tokens again');
      },
      onExpired: onChange,
    });
  };
  for (const source of new Set(tenants.map((tenant) => tenant.source))) {
    followers.set(source, start(source));
  }
  const isTooLong = (token: ClientToken): boolean =>
    longestToken !== undefined && token.text.length > longestToken;
  return {
    logins: () =>
      tenants.map(({ plan, source }) => {
        const token = followers.get(source)?.token;
        const isFit = isUsable(token, clock()) && !isTooLong(token);
        return { plan, token: isFit ? token : undefined };
      }),
    faultOf({ source }) {
      const follower = followers.get(source);
      const token = follower?.token;
      return token !== undefined && isTooLong(token)
        ? fault(
            `the token has ${token.text.length} bytes; expected at most ${longestToken}, which this PgBouncer does not cut`,
            'Install PgBouncer 1.26 or newer, or have fewer claims in tokens for the database.',
          )
        : follower?.fault;
    },
    failuresOf: ({ source }) => failures.get(source) ?? 0,
    firstLooks: Promise.all(looks),
    stop() {
      for (const follower of followers.values()) {
        follower.stop();
      }
    },
  };
}
