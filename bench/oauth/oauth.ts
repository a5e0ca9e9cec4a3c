// `npm run bench:oauth`: what a login over PostgreSQL 18's own OAuth costs through the validator, beside a validator that says yes, the PAM
// module and SCRAM, on one server, in paired rounds.
//
// Every round measures every method, a second at a time, there and back again; ratios are medians of the rounds' own ratios.
import { Command } from 'commander';

import { parseCount } from '../parse-count.ts';
import { median, medianRatio } from '../statistics.ts';
import { OAUTH_METHODS, type OAuthMethod, startOAuthBenchHost } from './oauth-bench-host.ts';

const CLIENTS = [1, 64] as const;

const options = new Command('bench:oauth')
  .description(
    'Measures logins over OAuth with distinct tokens against PAM, SCRAM and no decision.',
  )
  .option('--rounds <number>', 'paired rounds', parseCount, 5)
  .option('--seconds <number>', 'turns of a second for each method in each round', parseCount, 4)
  .parse()
  .opts<{ readonly rounds: number; readonly seconds: number }>();

await using host = await startOAuthBenchHost();
// The first ones warm everything up.
for (const method of OAUTH_METHODS) await host.measure(method, 8, 1);

const rates = new Map<string, number[]>();
for (let round = 1; round <= options.rounds; round += 1) {
  for (const clients of CLIENTS) {
    const turns = new Map<OAuthMethod, number[]>();
    for (let turn = 0; turn < options.seconds; turn += 1) {
      for (const method of turn % 2 === 0 ? OAUTH_METHODS : OAUTH_METHODS.toReversed()) {
        const rate = await host.measure(method, clients, 1);
        turns.set(method, [...(turns.get(method) ?? []), rate]);
      }
    }
    for (const [method, all] of turns) {
      const rate = all.reduce((sum, one) => sum + one, 0) / all.length;
      ratesOf(method, clients).push(rate);
      console.error(
        `round ${round}/${options.rounds}: ${method}, ${clients} clients: ${rate.toFixed(1)} logins/s`,
      );
    }
  }
}

console.log('| logins a second | 1 client | 64 clients |\n|---|---|---|');
for (const method of OAUTH_METHODS) {
  const cells = CLIENTS.map((clients) => median(ratesOf(method, clients)).toFixed(0));
  console.log(`| ${method} | ${cells.join(' | ')} |`);
}
for (const other of OAUTH_METHODS.slice(1)) {
  const cells = CLIENTS.map((clients) =>
    medianRatio(ratesOf('validator', clients), ratesOf(other, clients)).toFixed(2),
  );
  console.log(`| validator / ${other} | ${cells.join(' | ')} |`);
}

function ratesOf(method: OAuthMethod, clients: number): number[] {
  const key = `${method} ${clients}`;
  const found = rates.get(key) ?? [];
  rates.set(key, found);
  return found;
}
