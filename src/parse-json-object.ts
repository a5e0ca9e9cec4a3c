// JSON from outside, read strictly: one object, UTF-8, no member twice, no deep nesting.
//
// JSON.parse keeps the last of two members of one name, others keep the first: a document that can be read in two ways
// must not decide about trust (RFC 7515 section 4, RFC 7519 section 4).

/** A JSON object of unknown members. */
export type JSONObject = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object: neither null nor a list. */
export function isJSONObject(value: unknown): value is JSONObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Deeper nesting than this is refused; real tokens and key sets stay under 10. */
const MAX_DEPTH = 32;

/**
 * Parses one JSON object.
 *
 * @param bytes UTF-8, without a byte order mark.
 * @param maxValues the most values, members and list items, that it may hold: as objects they take far more memory
 * than as text. Real tokens have under 100, those with many groups some hundreds.
 * @returns the object, or what is wrong with it in a few words that quote nothing of it.
 */
export function parseJSONObject(bytes: Uint8Array, maxValues = 2000): JSONObject | string {
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    return 'not UTF-8';
  }
  const { values, members, depth } = survey(text);
  if (values > maxValues) {
    return `over ${maxValues} values`;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'not valid JSON';
  }
  if (!isJSONObject(value)) {
    return 'not a JSON object';
  }
  if (depth > MAX_DEPTH) {
    return `nested deeper than ${MAX_DEPTH} levels`;
  }
  // Of members with one name JSON.parse keeps the last: then it has fewer than were written.
  return countMembers(value) === members ? value : 'a member stands twice in the same object';
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What a text holds if it is JSON, seen in one pass and before anything is built from it. */
interface Survey {
  /** The most values: one for each bracket that opens and each comma. */
  readonly values: number;
  /** Members of all objects: one for each colon. */
  readonly members: number;
  readonly depth: number;
}

function survey(text: string): Survey {
  let values = 0;
  let members = 0;
  let open = 0;
  let depth = 0;
  for (let i = 0; i < text.length; i += 1) {
    switch (text.charCodeAt(i)) {
      case 0x22: // "
        i = endOfString(text, i);
        break;
      case 0x7b: // {
      case 0x5b: // [
        values += 1;
        open += 1;
        depth = Math.max(depth, open);
        break;
      case 0x7d: // }
      case 0x5d: // ]
        open -= 1;
        break;
      case 0x2c: // ,
        values += 1;
        break;
      case 0x3a: // :
        members += 1;
        break;
      default:
    }
  }
  return { values, members, depth };
}

/** @returns where the string ends that begins at `start`: its closing quote, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) {
      backslashes += 1;
    }
    if (backslashes % 2 === 0) {
      return end;
    }
  }
  return text.length;
}

/** How many members the objects in a value have together. It is no deeper than {@link MAX_DEPTH}. */
function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) {
    return 0;
  }
  const inside: readonly unknown[] = Object.values(value);
  let members = Array.isArray(value) ? 0 : inside.length;
  for (const one of inside) {
    members += countMembers(one);
  }
  return members;
}
