// The environment of the commands that download and build. Where packages come from and which certificate authorities count is for
// the machine to say.

/** @returns this process's own, without what npm adds for the scripts of this checkout. */
export function inheritEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || name.startsWith('npm_') ? [] : [[name, value]],
    ),
  );
}
