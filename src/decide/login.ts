// A login, as PAM tells it.

/** What PAM knows of a login. */
export interface Login {
  /** The PAM service (PAM_SERVICE). */
  readonly service: string;
  /** The database role that is asked for (PAM_USER). */
  readonly role: string;
  /** Where the client is (PAM_RHOST); undefined for a unix socket. */
  readonly source: string | undefined;
}

/** A login, and what is to be decided on. */
export interface LoginRequest extends Login {
  /** What the client sent as password. */
  readonly password: string;
}
