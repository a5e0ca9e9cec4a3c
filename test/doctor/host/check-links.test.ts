// Files that were replaced where they are mounted from. test/e2e/doctor.test.ts mounts one.
import { describe, expect, it } from 'vitest';

import { checkLinks } from '../../../src/doctor/host/check-links.ts';
import { fakeFiles, fakeHost } from '../fake-host.ts';

describe('a file that is in no folder any more', () => {
  it('is a failure, once, and others are none', () => {
    const files = fakeFiles({ '/a': { links: 0 }, '/b': {}, '/c': { links: 2 } });
    const paths = ['/a', '/b', '/c', '/nowhere', '/a'];
    expect(checkLinks('service-unlinked', paths, fakeHost({ files }))).toEqual([
      {
        topic: 'service',
        level: 'failure',
        fault: 'service-unlinked',
        subject: '/a',
        message:
          'its link count is 0: it was replaced or removed where it is mounted from, and what is seen here is the file from before',
        hint: 'Mount the folder that it is in, not the file alone, and start the container again.',
      },
    ]);
  });
});
