// Which build of pgtoken this is.

declare const PGTOKEN_BUILD: string | undefined;

/** A hash of everything that the bundle was made from (rolldown.config.ts); undefined when the sources run as they are. */
export const BUILD: string | undefined =
  typeof PGTOKEN_BUILD === 'string' ? PGTOKEN_BUILD : undefined;
