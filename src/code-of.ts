// The code of something that was thrown: that of the system, of Node, of OpenSSL, or the SQLSTATE of a server.

/** @returns undefined where there is none. */
export function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : undefined;
}
