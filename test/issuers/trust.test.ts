// Which servers are believed, by which certificates, and what is said of the others: whose certificate it is that is missing
// or has expired. OpenSSL decides; these are chains of every kind, as real openssl makes them.
import { createServer } from 'node:https';
import { createServer as createTLSServer } from 'node:tls';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { createSecureContexts } from '../../src/issuers/secure-contexts.ts';
import {
  type Certificate,
  type CertificateAuthority,
  createCertificateAuthority,
} from '../support/certificate-authority.ts';
import { createSteppedClock } from '../support/create-stepped-clock.ts';
import { askServer } from './ask-server.ts';
import { failed } from './failed.ts';

const DAY = 86_400;

// The authorities of this system are whatever a test says.
const system = vi.hoisted(() => ({ certificates: [] as string[] }));
vi.mock(import('node:tls'), async (original) => ({
  ...(await original()),
  getCACertificates: () => system.certificates,
}));

const stack = new AsyncDisposableStack();
let root: CertificateAuthority;
let intermediate: CertificateAuthority;
let other: CertificateAuthority;
let expired: CertificateAuthority;
let future: CertificateAuthority;
let past: readonly string[];

beforeAll(async () => {
  const clock = stack.use(await createSteppedClock());
  await clock.setOffset(-400 * DAY);
  past = clock.wrapper;
  const ahead = stack.use(await createSteppedClock());
  await ahead.setOffset(400 * DAY);
  const create = async (options: Parameters<typeof createCertificateAuthority>[0]) =>
    stack.use(await createCertificateAuthority(options));
  root = await create({ name: 'root' });
  intermediate = stack.use(await root.createIntermediate({ name: 'intermediate' }));
  other = await create({ name: 'other' });
  expired = await create({ name: 'expired root', wrapper: past, issueWrapper: [] });
  future = await create({ name: 'future root', wrapper: ahead.wrapper, issueWrapper: [] });
});

afterAll(async () => {
  await stack.disposeAsync();
});

/** What a client with this authority gets of a server that sends these certificates. */
async function ask(
  { key, cert }: Certificate,
  certificateAuthority: string | undefined,
  sentAlong = '',
): Promise<unknown> {
  const server = createServer({ key, cert: cert + sentAlong }, (_request, response) => {
    response.end('{}');
  });
  return askServer(server, certificateAuthority);
}

const GRANTED = { kind: 'document' };
const dayOf = (seconds: number): string =>
  new Date(Date.now() + seconds * 1000).toISOString().slice(0, 10);

describe('a server is believed', () => {
  it('by its root, when it sends the intermediate', async () => {
    expect(
      await ask(await intermediate.issue(), root.certificate, intermediate.certificate),
    ).toMatchObject(GRANTED);
  });

  it('by its intermediate alone, whether it sends it or not', async () => {
    const leaf = await intermediate.issue();
    expect(await ask(leaf, intermediate.certificate)).toMatchObject(GRANTED);
    expect(await ask(leaf, intermediate.certificate, intermediate.certificate)).toMatchObject(
      GRANTED,
    );
  });

  it('by its own certificate, which is then the only one that it may have', async () => {
    const [leaf, next] = [await intermediate.issue(), await intermediate.issue()];
    expect(await ask(leaf, leaf.cert)).toMatchObject(GRANTED);
    expect(await ask(next, leaf.cert)).toMatchObject({ kind: 'failed' });
  });

  it('by any of several authorities, also those behind a missing line break and one that has expired', async () => {
    const bundle = expired.certificate.trimEnd() + other.certificate.trimEnd() + root.certificate;
    expect(await ask(await root.issue(), bundle)).toMatchObject(GRANTED);
  });

  it('by an authority of the system, of which an intermediate would not do', async () => {
    const leaf = await intermediate.issue();
    system.certificates = [other.certificate, root.certificate, root.certificate];
    expect(await ask(leaf, undefined, intermediate.certificate)).toMatchObject(GRANTED);
    system.certificates = [intermediate.certificate];
    expect(await ask(leaf, undefined)).toMatchObject({ kind: 'failed' });
  });
});

describe('a server is not believed', () => {
  it('by an authority behind a sign that takes it out', async () => {
    expect(await ask(await root.issue(), `${other.certificate}#${root.certificate}`)).toMatchObject(
      { kind: 'failed' },
    );
  });

  it('by a certificate that is no authority, though it has signed for it', async () => {
    await using impostor = await root.createIntermediate({ name: 'impostor', isAuthority: false });
    const leaf = await impostor.issue();
    for (const ca of [root.certificate, impostor.certificate]) {
      expect(await ask(leaf, ca, impostor.certificate)).toMatchObject({ kind: 'failed' });
    }
  });

  it('when it has another key than the one that the authority signed', async () => {
    await using namesake = await createCertificateAuthority({ name: 'root' });
    expect(await ask(await namesake.issue(), root.certificate)).toEqual(
      failed(
        `the server's certificate is signed by another "root" than the one of that name in the certificateAuthority (UNABLE_TO_GET_ISSUER_CERT_LOCALLY)`,
      ),
    );
  });

  it('when it does not send its intermediate, which is named', async () => {
    expect(await ask(await intermediate.issue(), root.certificate)).toEqual(
      failed(
        `the server's certificate is signed by "intermediate", which is not in the certificateAuthority, and the server sends no certificate between the two (UNABLE_TO_GET_ISSUER_CERT_LOCALLY)`,
        {
          hint: 'Get the certificate of "intermediate" and put it into issuer.certificateAuthority; if it is an intermediate, the server may send it along instead.',
        },
      ),
    );
  });

  it('when another authority signed it, with the intermediate that it sends', async () => {
    const leaf = await intermediate.issue();
    expect(await ask(leaf, other.certificate, intermediate.certificate)).toEqual(
      failed(
        `the server's certificate is signed, over 1 more that it sends, by "root", which is not in the certificateAuthority (UNABLE_TO_GET_ISSUER_CERT_LOCALLY)`,
      ),
    );
    expect(await ask(leaf, other.certificate, intermediate.certificate + root.certificate)).toEqual(
      failed(
        `the server's certificate is signed, over 2 more that it sends, by "root", which is not in the certificateAuthority (SELF_SIGNED_CERT_IN_CHAIN)`,
      ),
    );
  });

  it('when the system does not know its authority', async () => {
    system.certificates = [other.certificate];
    expect(await ask(await root.issue(), undefined)).toEqual(
      failed(
        `the server's certificate is signed by "root", which is not in the certificate authorities of this system, and the server sends no certificate between the two (UNABLE_TO_VERIFY_LEAF_SIGNATURE)`,
        {
          hint: 'Get the certificate of "root" and write it in issuer.certificateAuthority; if it is an intermediate, the server may send it along instead.',
        },
      ),
    );
  });

  it('when it has signed its certificate itself', async () => {
    await using lonely = await createCertificateAuthority({ name: 'lonely', isAuthority: false });
    expect(await ask(lonely.own, root.certificate)).toEqual(
      failed(
        `the server's certificate is signed by itself, and is not in the certificateAuthority (DEPTH_ZERO_SELF_SIGNED_CERT)`,
      ),
    );
  });

  it('when its certificate has expired', async () => {
    await using former = await root.createIntermediate({ name: 'former', issueWrapper: past });
    expect(await ask(await former.issue(), former.certificate)).toEqual(
      failed(`the server's certificate expired on ${dayOf(-310 * DAY)} (CERT_HAS_EXPIRED)`, {
        hint: 'Have the issuer renew its certificate; if it is good, the clock of this host is wrong.',
      }),
    );
  });

  it('when the intermediate that it sends has expired, which is not told as its own', async () => {
    await using former = await root.createIntermediate({
      name: 'former',
      wrapper: past,
      issueWrapper: [],
    });
    expect(await ask(await former.issue(), root.certificate, former.certificate)).toEqual(
      failed(
        `a certificate that the server sends along, "former", expired on ${dayOf(-310 * DAY)} (CERT_HAS_EXPIRED)`,
        { hint: 'Have the issuer send the intermediate certificates of today.' },
      ),
    );
  });

  it('when the certificateAuthority has expired, which is not told as its own', async () => {
    for (const sentAlong of ['', expired.certificate]) {
      expect(await ask(await expired.issue(), expired.certificate, sentAlong)).toEqual(
        failed(
          `the certificateAuthority, "expired root", expired on ${dayOf(-310 * DAY)} (CERT_HAS_EXPIRED); the server's own certificate is signed by it`,
          { hint: "Put the issuer's authority of today into issuer.certificateAuthority." },
        ),
      );
    }
  });

  it('when an authority of this host has expired, which is not told as its own', async () => {
    system.certificates = [root.certificate, expired.certificate];
    expect(await ask(await expired.issue(), undefined)).toEqual(
      failed(
        `a certificate authority of this system, "expired root", expired on ${dayOf(-310 * DAY)} (CERT_HAS_EXPIRED); the server's own certificate is signed by it`,
        {
          hint: "Update the certificate authorities of this host (the package ca-certificates) and restart the daemon, or write the issuer's own in issuer.certificateAuthority.",
        },
      ),
    );
  });

  it('when its authority is of the future', async () => {
    expect(await ask(await future.issue(), future.certificate)).toMatchObject({
      reason: `the certificateAuthority, "future root", is not valid before ${dayOf(400 * DAY)} (CERT_NOT_YET_VALID); the server's own certificate is signed by it`,
    });
  });

  it('when its certificate is for something else than servers', async () => {
    expect(await ask(await root.issueForClient('client'), root.certificate)).toEqual(
      failed(
        `the server's certificate is not trusted: unsuitable certificate purpose (INVALID_PURPOSE)`,
      ),
    );
  });

  it('and gets no request then', async () => {
    const requests: string[] = [];
    const server = createTLSServer(await root.issue(), (socket) => {
      socket.on('data', (bytes) => requests.push(bytes.toString()));
      socket.on('error', () => undefined);
    });
    await askServer(server, other.certificate, { bearerToken: 'secret' });
    expect(requests).toEqual([]);
  });
});

describe('what TLS needs to know of authorities', () => {
  it('is made once for each of them, and for those of the system', () => {
    const contexts = createSecureContexts();
    const first = contexts(root.certificate);
    const ofSystem = contexts(undefined);
    expect(contexts(other.certificate)).not.toBe(first);
    expect(contexts(root.certificate)).toBe(first);
    expect(contexts(undefined)).toBe(ofSystem);
    expect(createSecureContexts()(root.certificate)).not.toBe(first);
  });

  it('is kept for the last of many, and does not grow with each that was ever written', () => {
    const contexts = createSecureContexts();
    const kept = contexts(root.certificate);
    const forgotten = contexts(other.certificate);
    for (let n = 0; n < 63; n += 1) {
      contexts(`${root.certificate}\n${n}`);
      contexts(root.certificate);
    }
    expect(contexts(root.certificate)).toBe(kept);
    expect(contexts(other.certificate)).not.toBe(forgotten);
  });
});
