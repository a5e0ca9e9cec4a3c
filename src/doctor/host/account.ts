// A user of the host, and the rights that come with it.

/** A user with all groups that a new session of theirs would have. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  /** The primary group first. */
  readonly gids: readonly [number, ...(readonly number[])];
}

/** What the rights of an account are made of. */
export type Rights = Pick<Account, 'uid' | 'gids'>;
