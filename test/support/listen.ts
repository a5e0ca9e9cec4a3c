// Servers of the tests: on the loopback interface, on a port that nobody has, and gone with everybody who is connected.
import type { Server, Socket } from 'node:net';

/** Listens on the loopback interface. @param port 0 for one that is free. @returns the port. */
export async function listenOnLoopback(server: Server, port = 0): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  server.once('error', reject);
  server.listen({ port, host: '127.0.0.1' }, () => resolve(undefined));
  await promise;
  server.removeListener('error', reject);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return address.port;
}

export interface RunningServer extends AsyncDisposable {
  readonly port: number;
}

/** Starts a server that listens to nothing yet. At its end nobody's connection is waited for. @param wanted 0 for a port that is free. */
export async function startServer(server: Server, wanted = 0): Promise<RunningServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const port = await listenOnLoopback(server, wanted);
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      server.close(() => resolve(undefined));
      for (const socket of sockets) socket.destroy();
      await promise;
    },
  };
}
