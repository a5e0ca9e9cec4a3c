// How much is read of the files that an administrator writes.

/** Of issuers.yaml, in bytes. */
export const MAX_CONFIG_BYTES = 1024 * 1024;

/** Of each file that it names, in bytes. */
export const MAX_REFERENCED_BYTES = 1024 * 1024;
