// The body of an answer as a JSON object: bounded in size as it comes and as it is decoded, and read strictly.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { FetchFailure } from '../keys/fetch-result.ts';
import { MAX_DOCUMENT_VALUES } from '../keys/formats/parse-key-set.ts';
import { type JSONObject, parseJSONObject } from '../parse-json-object.ts';
import { quote } from '../quote.ts';
import { decodeBody, SIZE_HINT } from './decode-body.ts';

/**
 * Reads it.
 *
 * @param url that answered, for messages.
 * @returns the object, or what is wrong with the body, in words that quote nothing of it.
 */
export async function readJSON(
  url: string,
  response: IncomingMessage,
  maxBytes: number,
  maxValues = MAX_DOCUMENT_VALUES,
): Promise<{ readonly document: JSONObject } | FetchFailure> {
  const body = await readBody(response, maxBytes);
  if (!(body instanceof Uint8Array)) {
    return { reason: `${url}: ${body.reason}`, hint: body.hint };
  }
  const document = parseJSONObject(withoutMark(body), maxValues);
  return typeof document === 'string'
    ? {
        reason: `${url} answered ${body.length} bytes${describeType(response.headers)} that are no JSON object: ${document}`,
        hint: JSON_HINT,
      }
    : { document };
}

const JSON_HINT =
  "Look at what the address answers (curl -v), and compare it with the issuer's documentation.";

/** Memory for an answer of usual length; more is taken when it comes. */
const FIRST_BYTES = 16 * 1024;

/** Reads the body, which is counted as it comes and as it is decoded. @returns it, or why it is not taken. */
async function readBody(
  response: IncomingMessage,
  maxBytes: number,
): Promise<Uint8Array | FetchFailure> {
  // One piece of memory, as an answer may come in a million pieces, and each takes a hundred bytes of its own.
  let body = Buffer.alloc(Math.min(maxBytes, FIRST_BYTES));
  let length = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    const end = length + chunk.length;
    if (end > maxBytes) {
      return { reason: `the answer is over ${maxBytes} bytes`, hint: SIZE_HINT };
    }
    if (end > body.length) {
      body = Buffer.concat([body], Math.min(maxBytes, Math.max(end, 2 * body.length)));
    }
    body.set(chunk, length);
    length = end;
  }
  const encoding = response.headers['content-encoding'];
  return decodeBody(body.subarray(0, length), encoding, maxBytes);
}

/** Some servers and files have a byte order mark in front, which a parser may ignore (RFC 8259 section 8.1). */
function withoutMark(body: Uint8Array): Uint8Array {
  const hasMark = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
  return hasMark ? body.subarray(3) : body;
}

function describeType(headers: IncomingHttpHeaders): string {
  const type = headers['content-type'];
  return type === undefined ? '' : ` of type ${quote(type)}`;
}
