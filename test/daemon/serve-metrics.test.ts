// Metrics over HTTP: on a loopback address, one path, and one clear line where they cannot be served.
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';

import { afterEach, describe, expect, it, vi } from 'vitest';

import { type MetricsServer, serveMetrics } from '../../src/daemon/serve-metrics.ts';
import { StartupError } from '../../src/daemon/startup-error.ts';
import { createMetrics, type Metrics } from '../../src/log/metrics.ts';
import { findFreePort } from '../support/find-free-port.ts';

const metrics = createMetrics('1.2.3', () => new Map());
let server: MetricsServer | undefined;
let lines: unknown[][] = [];
const logger = {
  info: (...args: unknown[]) => void lines.push(['info', ...args]),
  warn: (...args: unknown[]) => void lines.push(['warn', ...args]),
};

afterEach(() => {
  vi.useRealTimers();
  server?.close();
  server = undefined;
  lines = [];
});

async function fetchText(url: string, method = 'GET') {
  const request = get(url, { method, agent: false });
  const response = await new Promise<IncomingMessage>((resolve) => request.on('response', resolve));
  const type = response.headers['content-type'];
  return { status: response.statusCode, type, text: await text(response) };
}

async function refusal(address: string): Promise<unknown> {
  const failure: unknown = await serveMetrics(address, metrics, logger).catch(
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(StartupError);
  return failure;
}

describe('serves', () => {
  it.each(['127.0.0.1', '127.0.0.2', '[::1]'])('/metrics on %s', async (host) => {
    const port = await findFreePort();
    server = await serveMetrics(`${host}:${port}`, metrics, logger);
    const answer = await fetchText(`http://${host}:${port}/metrics`);
    expect(answer).toMatchObject({ status: 200, type: metrics.contentType });
    expect(answer.text).toContain('pgtoken_build_info{version="1.2.3"} 1\n');
  });

  it.each([
    ['GET', '/'],
    ['GET', '/metrics/'],
    ['GET', '/metrics?x'],
    ['POST', '/metrics'],
  ])('nothing for %s %s', async (method, path) => {
    const port = await findFreePort();
    server = await serveMetrics(`127.0.0.1:${port}`, metrics, logger);
    expect(await fetchText(`http://127.0.0.1:${port}${path}`, method)).toMatchObject({
      status: 404,
      text: '',
    });
  });

  it('one answer for each connection, however many are asked for, and collects for one at a time', async () => {
    const port = await findFreePort();
    let collecting = 0;
    let most = 0;
    const slow: Metrics = {
      ...metrics,
      render: async () => {
        collecting += 1;
        most = Math.max(most, collecting);
        const rendered = await metrics.render();
        collecting -= 1;
        return rendered;
      },
    };
    server = await serveMetrics(`127.0.0.1:${port}`, slow, logger);
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const socket = connect(port, '127.0.0.1');
        socket.write('GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(100));
        return text(socket);
      }),
    );
    for (const answer of answers) {
      expect(answer.match(/^HTTP\/1\.1 200 /gm)).toHaveLength(1);
    }
    expect(most).toBe(1);
  });

  it('status 500 when they cannot be collected, and goes on', async () => {
    const port = await findFreePort();
    const broken: Metrics = {
      ...metrics,
      render: async () => {
        throw new Error('secret');
      },
    };
    server = await serveMetrics(`127.0.0.1:${port}`, broken, logger);
    for (let count = 0; count < 2; count++) {
      expect(await fetchText(`http://127.0.0.1:${port}/metrics`)).toMatchObject({
        status: 500,
        text: '',
      });
    }
  });
});

describe('where nobody can listen', () => {
  it('is no failure: it says so once, and serves as soon as the port is free', async () => {
    const other = createServer();
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    server = await serveMetrics(`127.0.0.1:${port}`, metrics, logger);
    const warning = [
      'warn',
      { address: `127.0.0.1:${port}`, reason: 'the port is in use' },
      'metrics cannot be served',
    ];
    expect(lines).toEqual([warning]);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const info = logger.info;
    logger.info = (...args) => {
      info(...args);
      resolve(undefined);
    };
    vi.advanceTimersByTime(10_000);
    // Whether or not that try has come to its end.
    other.close();
    await once(other, 'close');
    const again = setInterval(() => vi.advanceTimersByTime(10_000), 50);
    await promise;
    clearInterval(again);
    logger.info = info;
    expect(lines).toEqual([
      warning,
      ['info', { address: `127.0.0.1:${port}` }, 'metrics are served now'],
    ]);
    expect(await fetchText(`http://127.0.0.1:${port}/metrics`)).toMatchObject({ status: 200 });
  });
});

describe('does not start', () => {
  it.each([
    '0.0.0.0:10432',
    '[::]:10432',
    '10.0.0.1:10432',
    '128.0.0.1:10432',
    '[::ffff:10.0.0.1]:10432',
    'localhost:10432',
    'example.com:10432',
  ])('on "%s", which others could reach', async (address) => {
    expect(await refusal(address)).toMatchObject({
      message: `metrics address ${address} is not on loopback; expected 127.0.0.1:PORT or [::1]:PORT`,
      hint: 'To reach it from elsewhere put a proxy with access control in front.',
    });
  });

  it.each([
    '10432',
    ':10432',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '127.0.0.1:10432:10432',
    '::1:10432',
    '',
  ])('on "%s", which is no address and port', async (address) => {
    expect(await refusal(address)).toMatchObject({
      message: `metrics address ${address} cannot be read; expected 127.0.0.1:PORT or [::1]:PORT`,
      hint: 'Choose another --metrics, such as 127.0.0.1:10432.',
    });
  });
});
