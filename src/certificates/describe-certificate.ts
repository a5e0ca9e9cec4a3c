// How a certificate is shown in a message.
import { quote } from '../quote.ts';

/**
 * Quotes the name of a certificate: its common name, or else all of it.
 *
 * @param distinguishedName a subject or an issuer as node:crypto has it, one attribute a line.
 */
export function quoteName(distinguishedName: string): string {
  const [, commonName] = /^CN=(.*)$/m.exec(distinguishedName) ?? [];
  return quote(commonName ?? distinguishedName.replaceAll('\n', ', '));
}

/** The day on which a certificate begins or ends to be valid, such as 2026-11-22. */
export function formatDay(date: Date): string {
  return date.toISOString().slice(0, 10);
}
