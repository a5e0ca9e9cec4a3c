// A configuration without issuers, as the package brings it: valid, and it lets nobody in. All commands say so in the same words.

/** What is wrong with it, and what to do. */
export const NO_ISSUER = {
  message: 'no issuer is configured, nobody can log in',
  hint: 'pgtoken init writes an entry for your issuer; docs/reference/configuration.md has the common case.',
} as const;
