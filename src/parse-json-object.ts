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
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return 'not UTF-8';
  }
  if (countValues(text) > maxValues) {
    return `over ${maxValues} values`;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'not valid JSON';
  }
  return isJSONObject(value) ? (examine(text) ?? value) : 'not a JSON object';
}

/** How many values a text can hold at the most, if it is JSON: one for each bracket that opens and each comma. */
function countValues(text: string): number {
  let values = 0;
  let inString = false;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text[i];
    if (inString) {
      if (unit === '\\') {
        i += 1;
      } else if (unit === '"') {
        inString = false;
      }
    } else if (unit === '"') {
      inString = true;
    } else if (unit === ',' || unit === '{' || unit === '[') {
      values += 1;
    }
  }
  return values;
}

const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:]/g;

/** Says what is wrong with a text that is known to be valid JSON: nested too deep, or a member named twice. */
function examine(text: string): string | undefined {
  // The names seen in each object that is open; a list has none.
  const open: (Set<string> | undefined)[] = [];
  let previous = '';
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') {
      open.push(undefined);
      if (open.length > MAX_DEPTH) {
        return `nested deeper than ${MAX_DEPTH} levels`;
      }
    } else if (token === '}' || token === ']') {
      open.pop();
    } else if (token === ':') {
      const name = String(JSON.parse(previous));
      const names = open.pop() ?? new Set();
      if (names.has(name)) {
        return 'a member stands twice in the same object';
      }
      open.push(names.add(name));
    }
    previous = token;
  }
  return undefined;
}
