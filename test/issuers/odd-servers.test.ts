// What answers where an issuer should be and is no HTTPS server of today: each kind is told in one plain line.
import { createSecureServer } from 'node:http2';
import { createServer as createHTTPServer } from 'node:http';
import { createServer as createTCPServer, type Server } from 'node:net';
import { createServer as createTLSServer, type TlsOptions } from 'node:tls';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  type Certificate,
  type CertificateAuthority,
  createCertificateAuthority,
} from '../support/certificate-authority.ts';
import { askServer } from './ask-server.ts';
import { failed } from './failed.ts';

const stack = new AsyncDisposableStack();
let authority: CertificateAuthority;
let certificate: Certificate;

beforeAll(async () => {
  authority = stack.use(await createCertificateAuthority());
  certificate = await authority.issue();
});

afterAll(async () => {
  await stack.disposeAsync();
});

/** A server that speaks TLS with these settings. */
const tls = (options: TlsOptions, answer?: Uint8Array | string): Server =>
  createTLSServer({ ...certificate, ...options }, (socket) => {
    socket.on('error', () => undefined);
    if (answer === undefined) socket.end();
    else socket.write(answer);
  });

/** A server that says something else as soon as it has been spoken to, or at once. */
const tcp = (greeting: string, reply: Uint8Array | string = ''): Server =>
  createTCPServer((socket) => {
    socket.on('error', () => undefined).on('data', () => socket.end(reply));
    socket.write(greeting);
  });

/** A frame of no settings, for the whole connection (RFC 9113 section 4.1). */
const HTTP2_SETTINGS = Buffer.from('000000040000000000', 'hex');

/** ServerHello of TLS 1.1 (RFC 4346 section 7.4.1.3), for TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA. */
const OLD_SERVER_HELLO = Buffer.concat([
  Buffer.from('160302002a020000260302', 'hex'),
  Buffer.alloc(32, 7),
  Buffer.from('00c01300', 'hex'),
]);

describe('one line tells of a server that', () => {
  it.each<readonly [what: string, create: () => Server, reason: string]>([
    [
      'speaks plain HTTP',
      () => createHTTPServer((_request, response) => response.end('{}')),
      'the server does not speak TLS at this port, maybe plain HTTP (ERR_SSL_WRONG_VERSION_NUMBER)',
    ],
    [
      'speaks something else',
      () => tcp('SSH-2.0-OpenSSH_9.2\r\n'),
      'the server does not speak TLS at this port, maybe plain HTTP (ERR_SSL_WRONG_VERSION_NUMBER)',
    ],
    [
      'is PostgreSQL',
      () => tcp('', 'E\0\0\0\x0eunsupported'),
      'the server does not speak TLS at this port, maybe plain HTTP (ERR_SSL_WRONG_VERSION_NUMBER)',
    ],
    [
      'speaks old TLS only',
      () => tls({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
      'the server speaks no TLS of today; expected TLS 1.2 or 1.3 (ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION)',
    ],
    [
      'answers in old TLS',
      () => tcp('', OLD_SERVER_HELLO),
      'the server speaks no TLS of today; expected TLS 1.2 or 1.3 (ERR_SSL_UNSUPPORTED_PROTOCOL)',
    ],
    [
      'wants a certificate of its clients, in TLS 1.2',
      () => tls({ maxVersion: 'TLSv1.2', requestCert: true, ca: authority.certificate }, ''),
      'the server finds no kind of TLS that both sides accept (ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE)',
    ],
    [
      'speaks HTTP/2 only, and says so in TLS',
      () => tls({ ALPNProtocols: ['h2'] }),
      'the server does not speak HTTP/1.1, maybe HTTP/2 only (ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL)',
    ],
    [
      'speaks HTTP/2 only, and says so in HTTP/2',
      () => tls({}, HTTP2_SETTINGS),
      'the server speaks HTTP/2 only; expected HTTP/1.1',
    ],
    [
      'speaks HTTP/2 only, as Node has it',
      () => createSecureServer(certificate, (_request, response) => response.end('{}')),
      'the server does not speak HTTP/1.1, maybe HTTP/2 only (ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL)',
    ],
    [
      'knows other ciphers only',
      () => tls({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-SHA' }),
      'the server finds no kind of TLS that both sides accept (ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE)',
    ],
    [
      'wants a certificate of its clients, in TLS 1.3',
      () => tls({ requestCert: true, rejectUnauthorized: true, ca: authority.certificate }, ''),
      'the server wants the certificate of a client (ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED)',
    ],
    [
      'closes the connection at once',
      () => createTCPServer((socket) => socket.on('error', () => undefined).end()),
      'the connection was closed',
    ],
    [
      'resets the connection',
      () => createTCPServer((socket) => socket.on('error', () => undefined).resetAndDestroy()),
      'the connection was reset',
    ],
    ['closes the connection behind TLS', () => tls({}), 'the connection was closed'],
    [
      'sends something that is no HTTP',
      () => tls({}, 'hello\r\n\r\n'),
      'the answer does not keep to HTTP/1.1 (HPE_INVALID_CONSTANT)',
    ],
    [
      'sends headers without an end',
      () => tls({}, `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n`),
      'the headers of the answer are over 16384 bytes',
    ],
  ])('%s', async (_what, create, reason) => {
    expect(await askServer(create(), authority.certificate)).toEqual(failed(reason));
  });
});
