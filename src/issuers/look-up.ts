// Looks up the addresses of a host, each look-up in a process of its own, getent of the C library.
//
// getaddrinfo cannot be interrupted. In this process it would hold one of the few threads that all look-ups share, for as
// long as a name server keeps silent, and keep the process from ending; a child is killed when its time is over, and no
// entry's names can delay another's. The resolver in JavaScript that needs no thread (c-ares) is no way out: it does not
// know what the C library does (/etc/hosts, nsswitch.conf, search domains), and a host would be found by everything but us.
import { execFile } from 'node:child_process';
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { addAbortListener } from 'node:events';
import { isIP } from 'node:net';
import { setImmediate } from 'node:timers/promises';

/** Finds the addresses of a host, in the order in which to try them. Rejects when there are none, or when it is aborted. */
export type LookUp = (name: string, signal: AbortSignal) => Promise<LookupAddress[]>;

/** In every Debian and Ubuntu (libc-bin), and wherever else there is glibc. */
const GETENT = '/usr/bin/getent';

/** Its exit status for a name that is not found, for whatever reason. */
const NOT_FOUND = 2;

/** Far more than the addresses of any host; a name server chooses what is printed. */
const MAX_BYTES = 64 * 1024;

/** No host has another one, and what begins with a hyphen would be an option (RFC 1123 section 2.1, and the underscore). */
const NAME = /^[a-z0-9_][a-z0-9._-]*$/i;

/**
 * Creates a {@link LookUp}. To start a process takes some milliseconds of this thread, and so never two in one go: logins are
 * decided in between.
 *
 * @param program what to run as getent; where it is missing, this process looks up by itself.
 */
export function createLookUp(program = GETENT): LookUp {
  let next: Promise<unknown> = Promise.resolve();
  return async (name, signal) => {
    if (!NAME.test(name)) {
      throw notFound();
    }
    const turn = next;
    next = turn.then(async () => setImmediate());
    await turn;
    const output = await run(program, ['ahosts', name], signal);
    return output === undefined ? lookUpHere(name, signal) : parseAddresses(output);
  };
}

/** The way that blocks a thread, which nobody waits for longer than until the signal. */
async function lookUpHere(name: string, signal: AbortSignal): Promise<LookupAddress[]> {
  const { promise, reject } = Promise.withResolvers<never>();
  using _waiting = addAbortListener(signal, () => {
    reject(new Error('aborted'));
  });
  return await Promise.race([promise, lookup(name, { all: true })]);
}

/** Looks each name up once: what is asked of one host in several requests, is asked of the same addresses. */
export function rememberLookUps(lookUp: LookUp): LookUp {
  const found = new Map<string, Promise<LookupAddress[]>>();
  return async (name, signal) => {
    const addresses = found.get(name) ?? lookUp(name, signal);
    found.set(name, addresses);
    return addresses;
  };
}

/** @returns what it printed; undefined where there is no such program. */
async function run(
  program: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const options = { signal, killSignal: 'SIGKILL', maxBuffer: MAX_BYTES } as const;
    execFile(program, args, options, (error, output) => {
      if (error === null) {
        resolve(output);
      } else if (error.code === 'ENOENT') {
        resolve(undefined);
      } else {
        reject(error.code === NOT_FOUND ? notFound() : error);
      }
    });
  });
}

/** Reads lines such as `192.0.2.1  STREAM name`, of which there are several for each address. */
function parseAddresses(output: string): LookupAddress[] {
  const found = new Set(output.split('\n').map((line) => line.split(/\s/, 1).join('')));
  const addresses = [...found]
    .map((address) => ({ address, family: isIP(address) }))
    .filter(({ family }) => family !== 0);
  if (addresses.length === 0) {
    throw notFound();
  }
  return addresses;
}

function notFound(): Error {
  return Object.assign(new Error('the name cannot be resolved'), { code: 'ENOTFOUND' });
}
