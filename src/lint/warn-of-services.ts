// Entries that count for every PAM service: their tokens let in where others are meant, or into another program altogether.
import type { IssuerConfiguration } from '../config/schema/schema.ts';
import { quoteList } from '../quote.ts';
import type { Warn } from './warn.ts';

/** Services by which somebody becomes a user of the host, and files that those include. */
const HOST_LOGINS = (
  'sshd ssh su su-l sudo sudo-i login remote other cron runuser runuser-l polkit-1 passwd chsh cockpit vsftpd ' +
  'common-auth system-auth password-auth system-login gdm-password lightdm sddm xdm'
).split(' ');

/**
 * Warns of an entry without `pam.services`.
 *
 * @param count of the entries that there are.
 * @param asking the PAM services of this host that ask pgtoken, as far as they are known.
 */
export function warnOfServices(
  { pam }: IssuerConfiguration,
  count: number,
  asking: readonly string[] | undefined,
  warn: Warn,
): void {
  if (pam.services !== undefined) {
    return;
  }
  const services = [...new Set(asking)];
  const logins = services.filter((name) => HOST_LOGINS.includes(name));
  if (logins.length > 0) {
    warn(
      [],
      `no pam.services: its tokens count for ${quoteList(logins)} too, by which users log in to this host`,
      'List the PAM services of PostgreSQL (pamservice= of pg_hba.conf) here, and take pam_pgtoken.so out of the others.',
    );
  } else if (services.length > 1) {
    warn(
      [],
      `no pam.services: its tokens count for each service of this host that asks pgtoken: ${quoteList(services)}`,
      'List the PAM services (pamservice= of pg_hba.conf) that these tokens are meant for.',
    );
  } else if (count > 1) {
    warn(
      [],
      'no pam.services: its tokens count on every line of pg_hba.conf, beside those of the other entries',
      'List the PAM services (pamservice=) that this population is meant for.',
    );
  }
}
