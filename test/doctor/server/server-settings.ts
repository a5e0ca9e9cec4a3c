// Settings of a server, and lines of pg_hba.conf, for the checks of both.
import type { ServerSettings } from '../../../src/doctor/server/settings.ts';
import { parseHBA, type HBARule } from '../../../src/doctor/hba/parse-hba.ts';

export const REMOTE = 'hostssl all all 10.0.0.0/8 pam';
export const LOOPBACK = 'host all all 127.0.0.1/32 pam';
export const LOCAL = 'local all all pam';

export const rules = (...lines: readonly string[]): readonly HBARule[] =>
  parseHBA('/hba', lines.join('\n'), { read: () => undefined, list: () => [] }).rules;

export const settings = (over: Partial<ServerSettings> = {}): ServerSettings => ({
  listenAddresses: '*',
  version: 150_000,
  hasTLS: true,
  certificateFile: 'server.crt',
  clientAuthorityFile: '',
  validatorLibraries: undefined,
  dataFolder: '/data',
  pending: [],
  ...over,
});
