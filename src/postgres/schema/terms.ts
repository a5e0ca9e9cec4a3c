// What the daemon and schema pgtoken have agreed on, apart from the schema itself.

/** The version of the schema. A server with an older one refuses what is newer in it. */
export const SCHEMA_VERSION = 2;

/** What a login expects: the version from which on `pgtoken.provision` has been what it is. */
export const LOGIN_VERSION = 1;

/** SQLSTATE of `pgtoken.provision` where a membership had to be revoked, and could not be. */
export const NOT_REVOKED = 'PT004';

/** The most logins that one call of `pgtoken.record` takes. */
export const MAX_RECORDED = 500;

/** The longest entry and subject that it takes, in characters. */
export const MAX_RECORDED_LENGTH = 256;
