// The values of options that go into pg_hba.conf or issuers.yaml by themselves, each with what a person is told who writes it
// wrongly.
import { InvalidArgumentError } from 'commander';
import { parseRange } from '../../doctor/hba/parse-address.ts';
import { hasControls, LABEL_FORM } from '../../init/forms.ts';

const ADDRESS_KEYWORDS: readonly string[] = ['all', 'samehost', 'samenet'];
/** PostgreSQL's NAMEDATALEN, less the NUL. */
const MAX_NAME_BYTES = 63;

/** The clients of a line of pg_hba.conf. @returns one address as the network of it alone. */
export function addressOption(text: string): string {
  if (ADDRESS_KEYWORDS.includes(text)) {
    return text;
  }
  const range = parseRange(text);
  if (range === undefined) {
    throw new InvalidArgumentError(
      'expected an address, a network such as 10.0.0.0/8, or all, samehost or samenet',
    );
  }
  return text.includes('/') ? text : `${text}/${range.bits}`;
}

/** Databases of a line of pg_hba.conf, with commas; they get the quotes that they need where the line is written. */
export function databaseOption(text: string): string {
  // From PostgreSQL 16 on a slash begins an expression, in quotes as well.
  const isUsable = text
    .split(',')
    .every(
      (one) =>
        one !== '' &&
        !one.startsWith('/') &&
        !hasControls(one) &&
        Buffer.byteLength(one) <= MAX_NAME_BYTES,
    );
  if (!isUsable) {
    throw new InvalidArgumentError(
      `expected names of databases with commas, at most ${MAX_NAME_BYTES} bytes each, without control characters and without a slash in front`,
    );
  }
  return text;
}

/** The name of an entry of issuers.yaml. */
export function nameOption(text: string): string {
  if (!LABEL_FORM.pattern.test(text)) {
    throw new InvalidArgumentError(`expected ${LABEL_FORM.expected}`);
  }
  return text;
}
