// A role of a server that is not there.
import type { DatabaseRole } from '../../../src/doctor/roles/read-roles.ts';

/** It may log in, and nothing else. */
export function fakeRole(name: string, over: Partial<DatabaseRole> = {}): DatabaseRole {
  return {
    name,
    mayLogIn: true,
    isSuperuser: false,
    powers: [],
    expiredAt: undefined,
    ...over,
  };
}
