// Placeholders that were copied from documentation and not filled in: what is written there is compared as it stands.
import { findPlaceholder } from '../config/checks/find-placeholder.ts';
import type { ConfigPath } from '../config/config-path.ts';
import type { IssuerConfiguration } from '../config/schema/schema.ts';
import { quote } from '../quote.ts';
import type { Warn } from './warn.ts';

/** Warns of each text of an entry that has one. */
export function warnOfPlaceholders(entry: IssuerConfiguration, warn: Warn): void {
  for (const [path, text] of textsIn(entry, [])) {
    const placeholder = findPlaceholder(text);
    if (placeholder !== undefined) {
      warn(
        path,
        `${quote(placeholder)} reads like a placeholder, and is taken as it stands: nothing is filled in`,
        'Write the value that is meant.',
      );
    }
  }
}

/** Every text that an administrator wrote, and where it is. What is made of a value, such as seconds, is no text any more. */
function* textsIn(
  value: unknown,
  path: ConfigPath,
): Generator<readonly [path: ConfigPath, text: string]> {
  if (typeof value === 'string') {
    yield [path, value];
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      yield* textsIn(item, [...path, index]);
    }
  } else {
    // Numbers and the like have no members.
    for (const [key, member] of Object.entries(value ?? {})) {
      yield* textsIn(member, [...path, key]);
    }
  }
}
