// Rows of pg_settings, of which a user may not see all.
import { describe, expect, it } from 'vitest';

import { parseSettings } from '../../../src/doctor/server/settings.ts';
import { settings } from './server-settings.ts';

describe('settings', () => {
  it('are read from rows of pg_settings, of which a user may not see all', () => {
    const row = (name: string, setting: string, pending_restart = false) => ({
      name,
      setting,
      pending_restart,
    });
    expect(
      parseSettings([
        row('listen_addresses', 'localhost', true),
        row('ssl', 'on'),
        row('ssl_cert_file', 'server.crt'),
        row('ssl_ca_file', ''),
      ]),
    ).toEqual(
      settings({
        listenAddresses: 'localhost',
        version: undefined,
        dataFolder: undefined,
        pending: ['listen_addresses'],
      }),
    );
    expect(parseSettings([row('ssl', 'off')])).toMatchObject({ hasTLS: false });
  });
});
