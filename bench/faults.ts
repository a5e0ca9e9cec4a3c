// `npm run faults`: what each fault of docs/understand/assurance.md costs: the logins granted during it, the longest login, and the time
// until logins are granted again. With --checkout it measures another version of pgtoken, built in its own checkout.
import { Command } from 'commander';
import { FAULTS } from './fault-list.ts';
import { startFaultHost } from './fault-host.ts';
import { parseCount } from './parse-count.ts';

const options = new Command('faults')
  .description('Makes faults around the daemon while clients log in, and measures what they cost.')
  .argument('[names...]', `which; default: all of ${Object.keys(FAULTS).join(', ')}`)
  .option('--checkout <folder>', 'a built checkout of another version')
  .option('--clients <number>', 'clients that log in without a pause', parseCount, 4)
  .parse();
const { checkout, clients } = options.opts<{
  readonly checkout?: string;
  readonly clients: number;
}>();
const names = options.args.length > 0 ? options.args : Object.keys(FAULTS);

for (const [at, name] of names.entries()) {
  const fault = FAULTS[name];
  if (fault === undefined) {
    console.error(`faults: no fault ${name}; expected one of ${Object.keys(FAULTS).join(', ')}`);
    process.exit(2);
  }
  console.error(`fault ${at + 1}/${names.length}: ${name}`);
  await using host = await startFaultHost(clients, checkout);
  console.log(`${name}: ${await fault(host)}`);
}
