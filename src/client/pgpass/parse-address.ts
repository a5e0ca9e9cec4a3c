// Where health is served: an address of the loopback interface, as it tells who logs in where.

/** An address to listen at. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** By its form: `node:net` takes 2 MB, and knows no more. */
const ADDRESS = /^(?:(127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3})|\[(::1)\]):([1-9]\d{0,4})$/;

/** @returns undefined for what is no `127.0.0.1:PORT` or `[::1]:PORT`. */
export function parseLoopbackAddress(text: string): Address | undefined {
  const [, four, six, digits] = ADDRESS.exec(text) ?? [];
  const host = four ?? six;
  const port = Number(digits);
  return host !== undefined && port <= 65_535 ? { host, port } : undefined;
}
