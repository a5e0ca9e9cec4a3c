// The folder that is the daemon's alone while the host runs: systemd makes it, and says where (systemd.exec(5)).

/** @returns undefined where there is none. */
export function runtimeFolderOf(env: NodeJS.ProcessEnv): string | undefined {
  const [folder = ''] = env['RUNTIME_DIRECTORY']?.split(':') ?? [];
  return folder === '' ? undefined : folder;
}
