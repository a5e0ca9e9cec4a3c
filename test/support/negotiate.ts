// Content negotiation as go-restful does it, the library in which kube-apiserver serves its keys: what a request does not
// accept by its exact name, or as */*, is refused with 406. Parameters, q=0 too, count for nothing there.
import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Refuses a request that does not accept a media type.
 *
 * @returns whether it does; otherwise it has its answer.
 */
export function negotiate(
  request: IncomingMessage,
  response: ServerResponse,
  mediaType: string,
): boolean {
  const accepted = (request.headers.accept ?? '*/*')
    .split(',')
    .map((range) => range.split(';', 1).join('').trim());
  if (accepted.some((range) => range === '*/*' || range === mediaType)) return true;
  response
    .writeHead(406, { 'content-type': 'text/plain' })
    .end(`406: Not Acceptable\n\nAvailable representations: ${mediaType}`);
  return false;
}
