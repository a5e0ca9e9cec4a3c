// What `pgtoken pgpass` is to do, as data: options and configuration both become this.
import type { Argv } from '../sources/run-program.ts';
import type { SourcePlan } from '../sources/source-plan.ts';

/** The role of a line: by its name, or as a claim of the token has it. */
export type UserPlan =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'claim'; readonly claim: string; readonly trimPrefix: string };

/** One line of the file. */
export interface LinePlan {
  readonly host: string;
  readonly port: string;
  readonly database: string;
  readonly user: UserPlan;
  readonly source: SourcePlan;
}

/** What is done after the file has changed. */
export interface AfterChangePlan {
  /** Who gets SIGHUP: a process ID, or the file that has one. */
  readonly signal?: string;
  /** What is run. */
  readonly exec?: Argv;
}

/** Everything. */
export interface PgpassPlan {
  /** The .pgpass. */
  readonly file: string;
  /** Its permissions. */
  readonly mode: number;
  readonly lines: readonly LinePlan[];
  /** Whether to end once each line has its token. */
  readonly once: boolean;
  readonly afterChange: AfterChangePlan;
  /** A file that is there while every line has a token that has not expired. */
  readonly readyFile?: string;
  /** Where the same is asked over HTTP. */
  readonly health?: { readonly host: string; readonly port: number };
}
