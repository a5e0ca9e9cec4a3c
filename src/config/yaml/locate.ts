// Where things stand in the text of issuers.yaml.
import { type Document, isCollection, isMap, isPair, isScalar, type LineCounter } from 'yaml';
import type { ConfigPath } from '../config-path.ts';

/** Finds the place of a path in the text: that of its value, or of the nearest thing around it that exists. */
export type Locate = (path: ConfigPath) => { readonly line: number; readonly column: number };

/** Creates a function that finds the place of a path; `atKey`: that of its last key rather than of its value. */
export function createLocate(
  document: Document,
  counter: LineCounter,
): (path: ConfigPath, atKey: boolean) => { line: number; column: number } {
  return (path, atKey) => {
    const { line, col } = counter.linePos(offsetOf(document.contents, path, atKey));
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
}

/** Walks down a path; where it ends early, stays at the last key it met, which is where the reader has to look. */
function offsetOf(root: unknown, path: ConfigPath, atKey: boolean): number {
  let node = root;
  let offset = startOf(root) ?? 0;
  for (const [index, step] of path.entries()) {
    if (!isCollection(node)) {
      break;
    }
    let keyOffset: number | undefined;
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && item.key.value === step,
      );
      if (pair === undefined) {
        break;
      }
      keyOffset = startOf(pair.key);
      node = pair.value;
    } else {
      node = typeof step === 'number' ? node.items[step] : undefined;
    }
    const last = index === path.length - 1;
    // A value that is itself a block starts on the next line; its key is the better place to point at.
    const useKey = (last && atKey) || isCollection(node) || startOf(node) === undefined;
    offset = (useKey ? keyOffset : undefined) ?? startOf(node) ?? keyOffset ?? offset;
  }
  return offset;
}

/** Where a node begins in the text. */
export function startOf(node: unknown): number | undefined {
  if (
    typeof node !== 'object' ||
    node === null ||
    !('range' in node) ||
    !Array.isArray(node.range)
  ) {
    return undefined;
  }
  const start: unknown = node.range[0];
  return typeof start === 'number' ? start : undefined;
}
