// The two tools that find races, each in its own way: ThreadSanitizer in a module that is compiled for it, helgrind in the one
// that ships.
import { join } from 'node:path';

import type { PoolerOptions } from './run-pooler.ts';
import { shipped, threadSanitized, type Build } from './support.ts';

/** One of the two. */
export interface RaceDetector {
  readonly name: string;
  readonly using: Build;
  /** How to run a program under it, with this file of suppressions. */
  readonly options: (suppressions: string) => Pick<PoolerOptions, 'wrapper' | 'env'>;
  /** The exit status of a run with findings. */
  readonly found: number;
  /** The path of the file of suppressions, and for each of them what a finding looks like that it suppresses. */
  readonly suppressions: string;
  readonly suppresses: Readonly<Record<string, RegExp>>;
}

export const RACE_DETECTORS: readonly RaceDetector[] = [
  {
    name: 'ThreadSanitizer',
    using: threadSanitized,
    options: (suppressions) => ({
      env: { TSAN_OPTIONS: `exitcode=66 suppressions=${suppressions}` },
    }),
    found: 66,
    suppressions: join(import.meta.dirname, 'thread-sanitizer.supp'),
    suppresses: { 'called_from_lib:ld-linux': /#1 \w+ .*\(ld-linux/ },
  },
  {
    name: 'helgrind',
    using: shipped,
    options: (suppressions) => ({
      wrapper: [
        'valgrind',
        '--tool=helgrind',
        '--keep-debuginfo=yes',
        '--error-exitcode=99',
        `--suppressions=${suppressions}`,
      ],
    }),
    found: 99,
    suppressions: join(import.meta.dirname, 'helgrind.supp'),
    suppresses: { 'libaudit-numbers-its-messages-without-a-lock': /at 0x\w+: __audit_send / },
  },
];
