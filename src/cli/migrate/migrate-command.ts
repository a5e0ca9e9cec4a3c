// `pgtoken migrate` on the command line.
import type { Command } from 'commander';
import { addCommand } from '../add-command.ts';

/** Adds `migrate`. */
export function addMigrateCommand(program: Command): void {
  addCommand(program, 'migrate', {
    summary: 'translate a line of pam_oidc into issuers.yaml',
    description: [
      'Translates the auth line of pam_oidc, or of its maintained fork, into an issuers.yaml on standard output. Comments in it have the new lines of the PAM service file, and what is different.',
      'Exit status: 0 everything is carried over, 1 something is not and is reported, 2 the line cannot be used.',
    ],
    example: {
      title: 'Example:',
      line: "pgtoken migrate 'auth required pam_oidc.so issuer=https://k8s-oidc.example.com aud=postgres' > issuers.yaml",
    },
  })
    .argument('<line>', 'the line as it stands in the service file, in single quotes')
    .action(async (line: string) => {
      const { migrate } = await import('./migrate.ts');
      process.exitCode = migrate(line);
    });
}
