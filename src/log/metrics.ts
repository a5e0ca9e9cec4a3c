// Prometheus metrics: what is counted, under which names. Labels come from issuers.yaml and from our own codes, never
// from a token, so that their number is bounded.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ErrorCode } from '../errors.ts';
import type { Sample } from '../protocol/control.ts';
import type { Via } from '../protocol/parse-request.ts';

/** How the keys of an issuer stand when metrics are read. */
export interface KeyGauge {
  readonly keyCount: number;
  readonly age: number | undefined;
}

/** How sessions and the servers of this host stand when metrics are read. */
export interface SessionGauge {
  /** Open sessions by entry. */
  readonly sessions: ReadonlyMap<string, number>;
  /** Whether a server answers, by its name. */
  readonly servers: ReadonlyMap<string, boolean>;
}

/** What was done in the database for a login. */
export interface ProvisionCounts {
  readonly created: boolean;
  readonly granted: readonly unknown[];
  readonly revoked: readonly unknown[];
  readonly skipped: readonly unknown[];
  /** Set where it could not be done. */
  readonly failed?: unknown;
}

/** An entry of issuers.yaml, by what can be counted of it. */
export interface CountedEntry {
  readonly name: string;
  /** Whether its keys are retrieved. */
  readonly isRemote: boolean;
  readonly hasReview: boolean;
  readonly hasProvision: boolean;
  /** Whether its sessions are watched. */
  readonly hasSessions: boolean;
}

/** The counters of the daemon. */
export interface Metrics {
  /**
   * Has the counters of these entries there from now on, at 0 where nothing was counted: Prometheus does not see a counter rise that
   * was not there before. Of the codes it is those that an alert is for, which say that logins could not be decided.
   */
  startCounting(entries: readonly CountedEntry[]): void;
  /** `issuer` is the entry's name; undefined when it came to none. */
  countDecision(
    decided: {
      readonly outcome: string;
      readonly code: string | undefined;
      readonly issuer: string | undefined;
      readonly via: string;
    },
    seconds: number,
  ): void;
  countFetch(issuer: string, result: string): void;
  /** An API server was asked about a token, or was to be. */
  countReview(issuer: string, outcome: string): void;
  /** An API server was asked for what open sessions are bound to. */
  countRecheck(issuer: string, outcome: string): void;
  countReload(successful: boolean): void;
  /** A session was ended. */
  countEnd(issuer: string, cause: string): void;
  /** Counts what was done in the database for a login of an entry with `provision`. */
  countProvision(issuer: string, changes: ProvisionCounts): void;
  /** Begins to say how sessions and servers stand, asked whenever metrics are read. */
  watchSessions(status: () => SessionGauge): void;
  /** Says how many files of the configuration are seen as they were before somebody replaced them. */
  setDetachedFiles(count: number): void;
  /** Says which configuration is in force. */
  setConfig(hash: string): void;
  /** Adds `process_*` and `nodejs_*`. They wake the process 100 times a second, to see how long it is kept from that. */
  watchProcess(): void;
  /** The values of counters and gauges of pgtoken itself, without histograms. */
  samples(): Promise<Sample[]>;
  /** @returns the metrics in the text format of Prometheus. */
  render(): Promise<string>;
  readonly contentType: string;
}

/** Who asks. */
const VIAS: readonly Via[] = ['pam', 'oauth'];
/** Codes of logins that could not be decided, whatever entry they may have come to. */
const UNAVAILABLE_TO_ALL: readonly ErrorCode[] = [
  'ERR_DEADLINE',
  'ERR_CONFIG_INVALID',
  'ERR_PROTOCOL',
  'ERR_INTERNAL',
];
const FETCH_RESULTS = ['keys', 'unchanged', 'unauthorized', 'failed'];
const REVIEW_OUTCOMES = ['yes', 'cached', 'no', 'unavailable'];
const END_CAUSES = ['expired', 'maxLifetime', 'denied', 'revoked', 'administrator'];

/**
 * Creates the metrics of one daemon.
 *
 * @param keys how the keys of each issuer stand, asked whenever metrics are read.
 * @param linesLost how many lines of the log were lost since the start, asked likewise; default: none.
 */
export function createMetrics(
  version: string,
  keys: () => ReadonlyMap<string, KeyGauge>,
  linesLost: () => number = () => 0,
): Metrics {
  const registry = new Registry();
  const registers = [registry];

  const decisions = new Counter({
    name: 'pgtoken_decisions_total',
    help: 'Decisions by outcome, code, issuer entry and who asked (pam, oauth); issuer is empty when none could be found.',
    labelNames: ['outcome', 'code', 'issuer', 'via'],
    registers,
  });
  const duration = new Histogram({
    name: 'pgtoken_decision_duration_seconds',
    help: 'Time from a whole request to its reply.',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const fetches = new Counter({
    name: 'pgtoken_key_fetches_total',
    help: `Retrievals of keys by issuer entry and result: ${FETCH_RESULTS.join(', ')}.`,
    labelNames: ['issuer', 'result'],
    registers,
  });
  const reloads = new Counter({
    name: 'pgtoken_config_reloads_total',
    help: 'Loads of the configuration by outcome: ok, invalid.',
    labelNames: ['outcome'],
    registers,
  });
  const lastReload = new Gauge({
    name: 'pgtoken_config_last_reload_successful',
    help: 'Whether the configuration file as it is now is in force (1) or an older one is (0).',
    registers,
  });
  const detached = new Gauge({
    name: 'pgtoken_config_detached_files',
    help: 'Files of the configuration that were replaced, and are seen here as they were before.',
    registers,
  });
  const reviews = createOnFirstUse(
    () =>
      new Counter({
        name: 'pgtoken_reviews_total',
        help: `Reviews of tokens by issuer entry and outcome: ${REVIEW_OUTCOMES.join(', ')}.`,
        labelNames: ['issuer', 'outcome'],
        registers,
      }),
  );
  const rechecks = createOnFirstUse(
    () =>
      new Counter({
        name: 'pgtoken_rechecks_total',
        help: 'Looks at what open sessions are bound to, by issuer entry and outcome: there, gone, unknown.',
        labelNames: ['issuer', 'outcome'],
        registers,
      }),
  );
  const ends = createOnFirstUse(
    () =>
      new Counter({
        name: 'pgtoken_sessions_ended_total',
        help: `Sessions that were ended, by issuer entry and cause: ${END_CAUSES.join(', ')}.`,
        labelNames: ['issuer', 'cause'],
        registers,
      }),
  );
  const provisions = createOnFirstUse(() => addProvisionCounters(registry));
  let isLoaded = false;
  let detachedFiles = 0;
  const updateLastReload = (): void => {
    lastReload.set(isLoaded && detachedFiles === 0 ? 1 : 0);
  };
  const config = new Gauge({
    name: 'pgtoken_config_info',
    help: 'The configuration in force, by the SHA-256 of its file.',
    labelNames: ['hash'],
    registers,
  });
  const build = new Gauge({
    name: 'pgtoken_build_info',
    help: 'The version that runs.',
    labelNames: ['version'],
    registers,
  });
  build.set({ version }, 1);
  registry.registerMetric(
    new Counter({
      name: 'pgtoken_log_lines_lost_total',
      help: 'Lines of the log that were lost, as whoever reads it did not take them in time.',
      registers: [],
      collect() {
        this.reset();
        this.inc(linesLost());
      },
    }),
  );
  addKeyGauge(
    registry,
    'pgtoken_keys',
    'Usable keys by issuer entry.',
    keys,
    (status) => status.keyCount,
  );
  addKeyGauge(
    registry,
    'pgtoken_key_age_seconds',
    'Time since the last successful retrieval by issuer entry; missing before the first one.',
    keys,
    (status) => status.age,
  );

  const countProvision: Metrics['countProvision'] = (
    issuer,
    { created, granted, revoked, skipped, failed },
  ) => {
    const { created: roles, memberships, errors } = provisions();
    roles.inc({ issuer }, created ? 1 : 0);
    for (const [change, names] of Object.entries({ granted, revoked, skipped })) {
      memberships.inc({ issuer, change }, names.length);
    }
    errors.inc({ issuer }, failed === undefined ? 0 : 1);
  };
  const startDecisions = (issuer: string, codes: readonly ErrorCode[]): void => {
    for (const via of VIAS) {
      for (const code of codes) {
        decisions.inc({ outcome: 'unavailable', code, issuer, via }, 0);
      }
      if (issuer !== '') decisions.inc({ outcome: 'granted', code: '', issuer, via }, 0);
    }
  };

  return {
    startCounting(entries) {
      startDecisions('', UNAVAILABLE_TO_ALL);
      for (const { name: issuer, isRemote, hasReview, hasProvision, hasSessions } of entries) {
        startDecisions(issuer, []);
        if (isRemote) {
          startDecisions(issuer, ['ERR_KEYS_UNAVAILABLE']);
          for (const result of FETCH_RESULTS) fetches.inc({ issuer, result }, 0);
        }
        if (hasReview) {
          startDecisions(issuer, ['ERR_REVIEW_UNAVAILABLE']);
          for (const outcome of REVIEW_OUTCOMES) reviews().inc({ issuer, outcome }, 0);
        }
        if (hasProvision) {
          startDecisions(issuer, ['ERR_PROVISION']);
          countProvision(issuer, { created: false, granted: [], revoked: [], skipped: [] });
        }
        if (hasSessions) {
          for (const cause of END_CAUSES) ends().inc({ issuer, cause }, 0);
        }
      }
    },
    countDecision({ outcome, code, issuer, via }, seconds) {
      decisions.inc({ outcome, code: code ?? '', issuer: issuer ?? '', via });
      duration.observe(seconds);
    },
    countFetch(issuer, result) {
      fetches.inc({ issuer, result });
    },
    countReview(issuer, outcome) {
      reviews().inc({ issuer, outcome });
    },
    countRecheck(issuer, outcome) {
      rechecks().inc({ issuer, outcome });
    },
    countEnd(issuer, cause) {
      ends().inc({ issuer, cause });
    },
    countProvision,
    watchSessions(status) {
      ends();
      addGauge(
        registry,
        'pgtoken_sessions',
        'Open sessions that are known, by issuer entry.',
        'issuer',
        () => status().sessions,
      );
      addGauge(
        registry,
        'pgtoken_server_up',
        'Whether a PostgreSQL server of this host answered (1) or not (0) when it was asked last.',
        'server',
        () => new Map([...status().servers].map(([name, isUp]) => [name, isUp ? 1 : 0])),
      );
    },
    countReload(successful) {
      reloads.inc({ outcome: successful ? 'ok' : 'invalid' });
      isLoaded = successful;
      updateLastReload();
    },
    setDetachedFiles(count) {
      detached.set(count);
      detachedFiles = count;
      updateLastReload();
    },
    setConfig(hash) {
      config.reset();
      config.set({ hash }, 1);
    },
    watchProcess() {
      collectDefaultMetrics({ register: registry });
    },
    async samples() {
      const all = await registry.getMetricsAsJSON();
      return all
        .filter(({ name, type }) => name.startsWith('pgtoken_') && isPlain(type))
        .flatMap(({ name, values }) =>
          values.map(({ labels, value }) => ({
            name,
            labels: Object.fromEntries(
              Object.entries(labels).map(([label, text]) => [label, String(text)]),
            ),
            value,
          })),
        );
    },
    render: async () => registry.metrics(),
    contentType: registry.contentType,
  };
}

/** What a daemon does not do has no metrics of its own: they are made when they are first asked for. */
function createOnFirstUse<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** Whether a metric has one value for its labels. */
function isPlain(type: unknown): boolean {
  return type === 'counter' || type === 'gauge';
}

/** There from the first entry on that provisions. */
function addProvisionCounters(registry: Registry) {
  const registers = [registry];
  return {
    created: new Counter({
      name: 'pgtoken_roles_created_total',
      help: 'Database roles made at login, by issuer entry.',
      labelNames: ['issuer'],
      registers,
    }),
    memberships: new Counter({
      name: 'pgtoken_memberships_total',
      help: 'Memberships of database roles by issuer entry and change: granted, revoked, skipped.',
      labelNames: ['issuer', 'change'],
      registers,
    }),
    errors: new Counter({
      name: 'pgtoken_provision_errors_total',
      help: 'Logins whose role could not be provisioned, by issuer entry.',
      labelNames: ['issuer'],
      registers,
    }),
  };
}

/** Adds a gauge that is read from the key store whenever metrics are asked for. */
function addKeyGauge(
  registry: Registry,
  name: string,
  help: string,
  keys: () => ReadonlyMap<string, KeyGauge>,
  valueOf: (status: KeyGauge) => number | undefined,
): void {
  addGauge(registry, name, help, 'issuer', () => {
    const values = [...keys()].map(([issuer, status]) => [issuer, valueOf(status)] as const);
    return new Map(values);
  });
}

/** Adds a gauge with one label, whose values are asked for whenever metrics are. */
function addGauge(
  registry: Registry,
  name: string,
  help: string,
  label: string,
  values: () => ReadonlyMap<string, number | undefined>,
): void {
  registry.registerMetric(
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [],
      collect() {
        this.reset();
        for (const [labelled, value] of values()) {
          if (value !== undefined) {
            this.set({ [label]: labelled }, value);
          }
        }
      },
    }),
  );
}
