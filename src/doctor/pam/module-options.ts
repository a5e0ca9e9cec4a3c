// The options behind pam_pgtoken.so in a service file, by the rules of pam/options.c: nothing is ignored.

/** What a line asks the module to do. */
export interface ModuleOptions {
  readonly mode: 'daemon' | 'exec';
  readonly socket: string;
  readonly helper: string;
  readonly config: string;
  /** Seconds. */
  readonly timeout: number;
}

const ABSOLUTE = /^\//;
const KNOWN: Readonly<Record<string, { readonly expected: string; readonly pattern: RegExp }>> = {
  mode: { expected: 'daemon or exec', pattern: /^(?:daemon|exec)$/ },
  socket: { expected: 'an absolute path of at most 107 bytes', pattern: ABSOLUTE },
  helper: { expected: 'an absolute path', pattern: ABSOLUTE },
  config: { expected: 'an absolute path', pattern: ABSOLUTE },
  timeout: {
    expected: 'a whole number of seconds from 1 to 60',
    pattern: /^(?:[1-9]|[1-5][0-9]|60)$/,
  },
};
const NAMES = 'mode=, socket=, helper=, config=, timeout= or debug';
const MAX_SOCKET_BYTES = 107;

/** The module's defaults, which the command shares. */
export const DEFAULT_OPTIONS: ModuleOptions = {
  mode: 'daemon',
  socket: '/run/pgtoken/pgtoken.sock',
  helper: '/usr/bin/pgtoken',
  config: '/etc/pgtoken/issuers.yaml',
  timeout: 5,
};

/** @returns what the module would do, or, as text, why it would refuse. */
export function parseModuleOptions(args: readonly string[]): ModuleOptions | string {
  const given = new Map<string, string>();
  for (const arg of args) {
    const at = arg.indexOf('=');
    const name = at === -1 ? arg : arg.slice(0, at);
    const rule = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
    if (rule === undefined && name !== 'debug') {
      return `option ${arg} is unknown; expected ${NAMES}`;
    }
    const value = arg.slice(at + 1);
    const fits =
      rule === undefined
        ? at === -1
        : at !== -1 &&
          rule.pattern.test(value) &&
          (name !== 'socket' || Buffer.byteLength(value) <= MAX_SOCKET_BYTES);
    if (!fits) {
      return `option ${arg}: expected ${rule?.expected ?? 'no value'}`;
    }
    if (given.has(name)) {
      return `option ${name} is given twice; expected it once`;
    }
    given.set(name, value);
  }
  const mode = given.get('mode') === 'exec' ? 'exec' : 'daemon';
  const unused = mode === 'exec' ? ['socket'] : ['helper', 'config'];
  const useless = unused.find((name) => given.has(name));
  if (useless !== undefined) {
    const other = mode === 'exec' ? 'daemon' : 'exec';
    return `option ${useless}= has no effect in mode=${mode}; expected mode=${other} beside it`;
  }
  return {
    mode,
    socket: given.get('socket') ?? DEFAULT_OPTIONS.socket,
    helper: given.get('helper') ?? DEFAULT_OPTIONS.helper,
    config: given.get('config') ?? DEFAULT_OPTIONS.config,
    timeout: Number(given.get('timeout') ?? DEFAULT_OPTIONS.timeout),
  };
}
