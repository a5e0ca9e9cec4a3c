// What the part knows of a way to set a pooler up: how to start it, and what becomes of tokens.
import { DAEMON_SERVICE } from '../../support/start-daemon-host.ts';

export interface Setup {
  /** The first words of its tests: who asks pgtoken. */
  readonly what: string;
  /** The PAM services by which pgtoken is asked about a login for which a connection to PostgreSQL is opened, in this order. */
  readonly asked: readonly string[];
  /** And about one with another token, for which there is a connection already. */
  readonly askedAgain: readonly string[] | 'refused';
  /** The longest token that gets through, in bytes. */
  readonly longest: number;
  /** Lines of pg_hba.conf above the one by which PostgreSQL asks pgtoken. */
  readonly hba?: readonly string[];
  readonly configure: (place: Place) => Configured;
}

export interface Place {
  /** A folder that it may write. */
  readonly folder: string;
  readonly port: number;
  /** Another one that is free. */
  readonly secondPort: number;
  /** PostgreSQL's. */
  readonly server: {
    readonly port: number;
    /** One below 10,000 that leads there. */
    readonly lowPort: number;
    readonly socketFolder: string;
  };
}

export interface Configured {
  /** In the folder. */
  readonly files: Readonly<Record<string, string>>;
  /** Its words behind the name of the program. */
  readonly args: readonly string[];
}

/** In pg_ident.conf, this leads from whoever runs the pooler to the roles. */
export const POOLER_MAP = 'pooler';

/** The service by which PostgreSQL asks. */
export const SERVER_SERVICE = DAEMON_SERVICE;
