// What issuers.yaml was parsed to, remembered between the processes of `pgtoken pam`: reading YAML and checking it against
// the schema takes longer than all the rest of a login.
//
// What is remembered counts only for exactly the same text and the same build, and comes from a file that only root or
// this user could have written: whoever can write it could write this user's key cache as well. Files that the text names
// are not part of it; they are read and checked each time.
import { join } from 'node:path';
import { isJSONObject } from '../parse-json-object.ts';
import { readTrustedFile } from '../files/read-trusted-file.ts';
import { replaceFile } from '../files/replace-file.ts';
import type { Configuration } from './schema/schema.ts';
import { trustedOwners } from '../files/trusted-owners.ts';

/** Remembers the configuration that a text was parsed to. */
export interface ParseCache {
  /** @returns what exactly this text was parsed to, or undefined when that is not known. Never throws. */
  recall(text: string): Configuration | undefined;
  /** Remembers it in place of what was there. Never throws: without a memory everything works, only slower. */
  remember(text: string, config: Configuration): void;
}

/** Where there is none. */
export const NO_PARSE_CACHE: ParseCache = { recall: () => undefined, remember: () => undefined };

/** Where it is kept, beside the key sets, which are called by DNS labels. */
const FILE_NAME = 'issuers.yaml.json';
/** A larger one would take longer to read than it saves. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

/**
 * Creates a {@link ParseCache} of one configuration.
 *
 * @param folder made when it is missing.
 * @param build names the program that parses; what another one parsed is not used.
 */
export function createParseCache(folder: string, build: string): ParseCache {
  const path = join(folder, FILE_NAME);
  return {
    recall(text) {
      const owners = trustedOwners(folder, false);
      const file = owners && readTrustedFile(path, { maxBytes: MAX_FILE_BYTES, owners });
      if (file?.ok !== true) {
        return undefined;
      }
      const record = parseRecord(file.text);
      return record?.build === build && record.text === text ? record.config : undefined;
    },
    remember(text, config) {
      const record: MemoryRecord = { build, text, config };
      try {
        replaceFile(path, `${JSON.stringify(record)}\n`);
      } catch {
        // The next login parses again.
      }
    },
  };
}

interface MemoryRecord {
  readonly build: string;
  /** Not a hash of it: comparing is cheaper than loading what hashes. */
  readonly text: string;
  readonly config: Configuration;
}

function parseRecord(text: string): MemoryRecord | undefined {
  try {
    const record: unknown = JSON.parse(text);
    return isRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

/** That the members are there; of which form they are, the build vouches for. */
function isRecord(value: unknown): value is MemoryRecord {
  return isJSONObject(value) && isJSONObject(value['config']);
}
