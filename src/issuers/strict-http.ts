// How answers are read, those of servers and of proxies, whatever the environment says (NODE_OPTIONS).

/** Options of Node's HTTP client. */
export const STRICT_HTTP = {
  insecureHTTPParser: false,
  /** The longest head of an answer in bytes. */
  maxHeaderSize: 16 * 1024,
} as const;
