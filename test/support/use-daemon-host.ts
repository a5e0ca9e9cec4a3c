// A daemon host for the tests of one file: started before the first, stopped after the last, and with an empty cache for each.
import { afterAll, beforeAll, beforeEach } from 'vitest';

import { type CertificateAuthority, createCertificateAuthority } from './certificate-authority.ts';
import { createIssuer, type Issuer, type IssuerOptions } from './issuer.ts';
import { type DaemonHost, startDaemonHost } from './start-daemon-host.ts';

/** The host, and issuers whose certificates are of one authority. */
export interface UsedHost {
  /** From `beforeAll` on. */
  readonly host: DaemonHost;
  /** Starts one; the caller stops it. Default: one that signs with ES256. */
  readonly newIssuer: (options?: IssuerOptions) => Promise<Issuer>;
}

/** @param role the one database role besides postgres. @param moduleTimeout of the module, in seconds; default: that of the host. */
export function useDaemonHost(
  role: string,
  { moduleTimeout }: { readonly moduleTimeout?: number } = {},
): UsedHost {
  const stack = new AsyncDisposableStack();
  let used: { readonly authority: CertificateAuthority; readonly host: DaemonHost } | undefined;
  const get = () => {
    if (used === undefined) throw new Error('the host is there from beforeAll on');
    return used;
  };
  beforeAll(async () => {
    const authority = stack.use(await createCertificateAuthority());
    used = { authority, host: stack.use(await startDaemonHost([role])) };
  });
  beforeEach(async () => {
    await get().host.clearCache();
    await get().host.setModuleTimeout(moduleTimeout);
  });
  afterAll(async () => {
    await stack.disposeAsync();
  });
  return {
    get host() {
      return get().host;
    },
    newIssuer: async (options = { algorithms: ['ES256'] }) =>
      createIssuer(get().authority, options),
  };
}
