// The log as the client's side writes to it. Who has none of pino's 10 MB to spare makes another one of it.

/** Takes a line with its members, as pino does. */
export interface ClientLog {
  readonly info: (members: object, message: string) => void;
  readonly warn: (members: object, message: string) => void;
  readonly error: (members: object, message: string) => void;
}
