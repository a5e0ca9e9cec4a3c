// What a check found: that something is in order, or a fault by its stable name, with its fix. The names are a contract with
// scripts (--json) and with docs/operate/doctor.md; the words beside them are for people and may change.
//
// Nothing secret is ever in a finding: no token, no password, no connection string.

/** What is examined, in the order in which it is told. A fault's name begins with its topic. */
export const TOPICS = [
  'config',
  'issuer',
  'clock',
  'keys',
  'service',
  'module',
  'socket',
  'daemon',
  'hba',
  'server',
  'database',
  'role',
  'pgbouncer',
] as const;

/** One of the things that are examined. */
export type Topic = (typeof TOPICS)[number];

/** What each is, for people. */
export const TOPIC_NAMES: Readonly<Record<Topic, string>> = {
  config: 'configuration',
  issuer: 'issuers',
  clock: 'clock',
  keys: 'keys',
  service: 'PAM services',
  module: 'module',
  socket: 'socket',
  daemon: 'daemon',
  hba: 'pg_hba.conf',
  server: 'servers',
  database: 'databases',
  role: 'roles',
  pgbouncer: 'PgBouncer',
};

/**
 * Every fault with how bad it is. A failure keeps people out, or lets somebody in who should not be; a warning may; a note is
 * of what surprises people, and is in order where it is meant.
 */
export const FAULTS = {
  'config-missing': 'failure',
  'config-writable': 'failure',
  'config-owner': 'failure',
  'config-folder-writable': 'failure',
  'config-unreadable': 'failure',
  'config-invalid': 'failure',
  'config-unlinked': 'failure',
  'config-empty': 'failure',
  'issuer-unreachable': 'failure',
  'issuer-certificate': 'failure',
  'issuer-keys': 'failure',
  'clock-wrong': 'failure',
  'clock-skewed': 'warning',
  'clock-unknown': 'warning',
  'keys-none': 'warning',
  'keys-stale': 'failure',
  'keys-outdated': 'warning',
  'service-missing': 'failure',
  'service-unreadable': 'failure',
  'service-writable': 'failure',
  'service-unlinked': 'failure',
  'service-syntax': 'failure',
  'service-no-auth': 'failure',
  'service-no-account': 'failure',
  'service-account-unchecked': 'warning',
  'service-option': 'failure',
  'service-truncates': 'failure',
  'service-truncates-long': 'warning',
  'service-bypassed': 'failure',
  'service-blocked': 'failure',
  'service-timeout': 'warning',
  'service-socket': 'failure',
  'service-config': 'warning',
  'service-helper': 'failure',
  'service-unused': 'warning',
  'module-missing': 'failure',
  'module-writable': 'failure',
  'module-unreadable': 'failure',
  'module-invalid': 'failure',
  'module-unloadable': 'failure',
  'socket-missing': 'failure',
  'socket-unseen': 'warning',
  'socket-kind': 'failure',
  'socket-user': 'failure',
  'socket-denied': 'failure',
  'socket-groups': 'failure',
  'socket-open': 'warning',
  'socket-folder-writable': 'failure',
  'daemon-down': 'failure',
  'daemon-silent': 'failure',
  'daemon-unavailable': 'failure',
  'daemon-garbled': 'failure',
  'daemon-unasked': 'warning',
  'hba-unknown': 'warning',
  'hba-unreadable': 'failure',
  'hba-unlinked': 'failure',
  'hba-syntax': 'failure',
  'hba-rejected': 'failure',
  'hba-unloaded': 'failure',
  'hba-unused': 'failure',
  'hba-service': 'failure',
  'hba-shadowed': 'failure',
  'hba-partly-shadowed': 'warning',
  'hba-exception': 'note',
  'hba-superuser': 'failure',
  'hba-ipv6': 'note',
  'hba-cleartext': 'failure',
  'hba-option': 'failure',
  'hba-client-certificate': 'failure',
  'hba-hostname': 'warning',
  'hba-group': 'failure',
  'hba-group-stale': 'failure',
  'hba-mapping': 'warning',
  'server-listening': 'warning',
  'server-tls': 'failure',
  'server-validator': 'failure',
  'server-certificate-date': 'failure',
  'server-certificate-placeholder': 'warning',
  'server-closed': 'failure',
  'server-unprivileged': 'failure',
  'server-superuser': 'warning',
  'server-schema': 'failure',
  'server-not-allowed': 'warning',
  'database-unreachable': 'failure',
  'database-unprivileged': 'warning',
  'database-unasked': 'note',
  'role-too-long': 'failure',
  'role-cut': 'warning',
  'role-protected': 'failure',
  'role-missing': 'failure',
  'role-no-login': 'failure',
  'role-superuser': 'warning',
  'role-privileged': 'warning',
  'role-expired': 'warning',
  'pgbouncer-limit': 'warning',
  'pgbouncer-service': 'failure',
  'pgbouncer-unreadable': 'warning',
  'pgbouncer-unknown': 'warning',
} as const satisfies Record<`${Topic}-${string}`, 'failure' | 'warning' | 'note'>;

/** The stable name of a fault. */
export type Fault = keyof typeof FAULTS;

/** How a finding counts. */
export type Level = 'ok' | 'note' | 'warning' | 'failure';

/** One line of the answer. */
export interface Finding {
  readonly topic: Topic;
  readonly level: Level;
  /** Undefined where all is well. */
  readonly fault: Fault | undefined;
  /** What it is about: a file with its line, an issuer's name, a role. */
  readonly subject: string;
  /** Lower case, without a full stop. */
  readonly message: string;
  /** The fix, a whole sentence. Every fault has one. What is to be copied stands on lines of its own, indented by two. */
  readonly hint: string | undefined;
}

/** Something is in order. */
export function ok(topic: Topic, subject: string, message: string): Finding {
  return { topic, level: 'ok', fault: undefined, subject, message, hint: undefined };
}

/** Something is not. The topic is the first word of the fault's name. */
export function fault(name: Fault, subject: string, message: string, hint: string): Finding {
  const topic = TOPICS.find((one) => name.startsWith(`${one}-`)) ?? 'config';
  return { topic, level: FAULTS[name], fault: name, subject, message, hint };
}
