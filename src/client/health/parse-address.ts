// Where health is served. It tells who logs in where: where nobody is to know, on the loopback interface alone.

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

/** An address of IPv4 or IPv6, by its form alone; whether it is one is told when it is listened at. */
const ANY = /^(?:((?:\d{1,3}\.){3}\d{1,3})|\[([0-9A-Fa-f:.]+)\]):([1-9]\d{0,4})$/;

/** @returns undefined for what is no `ADDRESS:PORT`, with an address of IPv6 in brackets. */
export function parseAddress(text: string): Address | undefined {
  const [, four, six, digits] = ANY.exec(text) ?? [];
  const host = four ?? six;
  const port = Number(digits);
  return host !== undefined && port <= 65_535 ? { host, port } : undefined;
}
