// The options of `pgtoken init`.

/** As the command line has them. */
export interface InitOptions {
  readonly url?: string;
  readonly audience?: string;
  /** `NAME=VALUE` each. */
  readonly set?: readonly string[];
  readonly certificateAuthority?: string;
  readonly jwks?: string;
  /** `-` for standard input. */
  readonly tokenFile?: string;
  /** A context; true for the current one. */
  readonly kubectl?: string | true;
  readonly name?: string;
  readonly service?: string;
  readonly database: string;
  readonly address: string;
  readonly provision: boolean;
  readonly config: string;
  readonly pamDir: string;
  readonly hba?: string;
  readonly offline: boolean;
  readonly dryRun: boolean;
  readonly doctor: boolean;
  readonly list: boolean;
}
