// All tests of logins over OAuth once more, with the validator under AddressSanitizer and UndefinedBehaviorSanitizer in real backends.
// Leaks are not looked for: a backend frees nothing at its end, which comes with the login or the session.
import { readFileSync } from 'node:fs';

import { describe, expect, inject, it } from 'vitest';

import { sample } from '../../attacks/choose-sample.ts';
import { startOAuthHost } from '../../package/machine/oauth-host.ts';
import { testOAuth } from '../../package/machine/test-oauth.ts';
import { poll } from '../../support/poll.ts';
import { FROM_FORKY, installPostgreSQL, plantFault, SANITIZED } from './install-postgresql.ts';

testOAuth({
  start: async () =>
    startOAuthHost({
      version: '19',
      packages: [inject('peer').programs['pgtoken'] ?? ''],
      fromForky: FROM_FORKY,
      install: async (root) => installPostgreSQL(root, SANITIZED),
      serverWrapper: [
        'env',
        'LD_PRELOAD=$(gcc -print-file-name=libasan.so):$(gcc -print-file-name=libubsan.so)',
        'ASAN_OPTIONS=detect_leaks=0:abort_on_error=1',
        'UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1',
      ],
    }),
  reasonsAre: 'DETAIL',
  attacks: sample,
  more: ({ host, enter }) => {
    describe('the sanitizers', () => {
      it('are in the server, and the validator is built for them', async () => {
        const { server } = host().processes();
        const mapped = readFileSync(`/proc/${server}/maps`, 'utf8');
        expect(mapped).toContain('libasan.so');
        expect(mapped).toContain('libubsan.so');
        const symbols = await host().root.sh(
          'readelf --dyn-syms --wide /usr/lib/postgresql/19/lib/pgtoken_validator.so',
        );
        expect(symbols).toContain('__asan_report_load');
        expect(symbols).toContain('__ubsan_handle');
      });

      it('have nothing to say', () => {
        expect(host().serverLog()).not.toMatch(
          /AddressSanitizer|runtime error:|terminated by signal 6/,
        );
      });

      it('would have: a planted fault ends the login', { timeout: 300_000 }, async () => {
        await plantFault(host().root, SANITIZED);
        const read = host().serverLog().length;
        await enter(host().mint()).catch(() => undefined);
        await expect
          .poll(() => host().serverLog().slice(read), { timeout: 30_000 })
          .toMatch(/AddressSanitizer: heap-buffer-overflow[^]*terminated by signal 6/);
        // The server starts over after that.
        await poll(
          'the server',
          async () =>
            host()
              .sql('select 1')
              .catch(() => undefined),
          60_000,
        );
      });
    });
  },
});
