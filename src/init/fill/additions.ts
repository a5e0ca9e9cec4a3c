// What an issuers.yaml gets beside the answers.

/** What is added to the example. */
export interface Additions {
  /** The name of the entry, where there is only one. */
  readonly name: string | undefined;
  readonly service: string | undefined;
  /** The name of the file with the certificate authority, where the example has none. */
  readonly certificateAuthorityFile: string | undefined;
  /** Whether roles are made at login. */
  readonly provision: boolean;
  /** How the daemon connects to the server where it makes them; default: as to Debian's first. */
  readonly connection?: string | undefined;
}
