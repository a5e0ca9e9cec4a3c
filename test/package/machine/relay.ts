// Takes connections at one place and makes each of them at another: relay.ts AT TO, each a port of 127.0.0.1 or the path of a
// Unix socket. Prints `ready`. It needs nothing but Node.
import { connect, createServer } from 'node:net';

const [, , at = '', to = ''] = process.argv;

const server = createServer({ allowHalfOpen: true }, (incoming) => {
  const outgoing = connect({ ...placeOf(to), allowHalfOpen: true });
  incoming.pipe(outgoing).pipe(incoming);
  // An error is followed by the end of the connection, which is told here.
  incoming.on('error', () => undefined).on('close', () => outgoing.destroy());
  outgoing.on('error', () => undefined).on('close', () => incoming.destroy());
});
server.listen(placeOf(at), () => {
  process.stdout.write('ready\n');
});

function placeOf(place: string): { port: number; host: string } | { path: string } {
  return /^\d+$/.test(place) ? { port: Number(place), host: '127.0.0.1' } : { path: place };
}
