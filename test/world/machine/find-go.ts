// The Go toolchain of this machine. Debian 12 has an older one than these programs need, so that nothing installs it.
import { run } from '../../support/run.ts';

export interface Go {
  readonly command: string;
  /** As `go version` says it, such as `go1.26.8`. */
  readonly version: string;
}

/** The least version; go.mod of the newest Kubernetes asks for it. */
const NEEDED = { major: 1, minor: 26 };

/** Throws, with what to do, when there is none or it is too old. */
export async function findGo(command = 'go'): Promise<Go> {
  const wanted = `Go ${NEEDED.major}.${NEEDED.minor} or newer`;
  const hint = `HINT: Install ${wanted} and put it in PATH.`;
  const result = await run(command, ['version']).catch((error: unknown) => {
    throw new Error(`${wanted} is needed, and \`${command}\` is not in PATH\n${hint}`, {
      cause: error,
    });
  });
  const [, version = '', major, minor] =
    /^go version (go([0-9]+)\.([0-9]+)\S*) /.exec(result.stdout) ?? [];
  const isEnough =
    Number(major) > NEEDED.major ||
    (Number(major) === NEEDED.major && Number(minor) >= NEEDED.minor);
  if (!isEnough) {
    const seen = version === '' ? `${result.stdout}${result.stderr}`.trim() : version;
    throw new Error(`${wanted} is needed; \`${command} version\` says ${seen}\n${hint}`);
  }
  return { command, version };
}
