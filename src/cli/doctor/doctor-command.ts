// `pgtoken doctor` on the command line.
import { type Command, Option } from 'commander';
import { SYSTEM_CACHE_FOLDER } from '../../keys/disk-key-cache.ts';
import { TOPIC_NAMES, TOPICS } from '../../doctor/finding.ts';
import { addCommand } from '../add-command.ts';
import type { DoctorOptions } from './doctor.ts';
import { serviceOption } from '../option-parsers.ts';
import { DEFAULT_CONFIG } from '../pam-arguments.ts';

const EXAMINED = TOPICS.map((topic) => TOPIC_NAMES[topic]);

/** Adds `doctor`. */
export function addDoctorCommand(program: Command): void {
  addCommand(program, 'doctor', {
    summary: 'examine this host from end to end',
    description: [
      `Examines this host from end to end: ${EXAMINED.slice(0, -1).join(', ')} and ${EXAMINED.at(-1)}. Each line is ok, a note, a warning or a failure, and each fault says how to fix it; failures come last. Changes nothing. Best run as root.`,
      'Exit status: 0 nothing fails, 1 something does, 2 wrong usage; with --check that of a plugin.',
    ],
  })
    .option('--config <file>', 'the configuration', DEFAULT_CONFIG)
    .option('--cache-dir <folder>', 'where the daemon keeps keys on disk', SYSTEM_CACHE_FOLDER)
    .addOption(
      new Option(
        '--service <name>',
        'a PAM service; may be written several times; default: those that pg_hba.conf and issuers.yaml name',
      ).argParser(serviceOption),
    )
    .option('--socket <path>', "the daemon's socket; default: the one that the service names")
    .option('--hba <file>', 'pg_hba.conf; default: the one of --db, or those in /etc/postgresql')
    .option(
      '--db <connection>',
      'ask this server, such as "host=/run/postgresql user=postgres"; default: those of this host that let in whoever runs this',
    )
    .option('--user <name>', 'the user that PostgreSQL runs as', 'postgres')
    .option(
      '--pam-dir <folder>',
      'where PAM services are; default: /etc/pam.d, then /usr/lib/pam.d',
    )
    .option('--module-dir <folder>', "where PAM modules are; default: the system's")
    .option('--pgbouncer <file>', 'the configuration of PgBouncer', '/etc/pgbouncer/pgbouncer.ini')
    .option(
      '--quiet',
      'report only failures and warnings, and print nothing where there are none',
      false,
    )
    .addOption(
      new Option(
        '--check',
        'answer as a plugin of Nagios or Icinga does: one line, and exit status 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN',
      )
        .default(false)
        .conflicts(['json', 'quiet']),
    )
    .option('--json', 'write JSON', false)
    .action(async (options: DoctorOptions) => {
      const { runDoctor } = await import('./doctor.ts');
      // A look-up of a name that nobody waits for any more must not keep it.
      process.exit(await runDoctor(options));
    });
}
