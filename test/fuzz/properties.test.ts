// Properties of what is pure, over values that are made for it rather than over bytes. The same each time; a failure is told with
// seed and path all the same.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { findClaim } from '../../src/claims/claim.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { formatProblem } from '../../src/config/problems.ts';
import { type ErrorCode, refuse } from '../../src/errors.ts';
import { parseKeySet } from '../../src/keys/formats/parse-key-set.ts';
import { isJSONObject, parseJSONObject } from '../../src/parse-json-object.ts';
import { formatReply } from '../../src/protocol/format-reply.ts';
import { createRequestParser } from '../../src/protocol/parse-request.ts';
import { quote } from '../../src/quote.ts';
import { checkRole } from '../../src/roles/check-role.ts';
import { isProtectedRole } from '../../src/roles/is-protected-role.ts';
import { formatRequest } from '../support/ask-daemon.ts';

fc.configureGlobal({ seed: 20_260_101, numRuns: 500 });

/** Any text, half surrogate pairs included. */
const anyText = fc.string({ unit: 'binary' });
const brokenText = fc
  .array(fc.integer({ min: 0, max: 0xffff }))
  .map((units) => String.fromCharCode(...units));
const withoutNUL = anyText.filter((text) => text !== '' && !text.includes('\0'));

describe('a request', () => {
  const requests = fc.record({
    service: withoutNUL,
    user: withoutNUL,
    rhost: fc.option(withoutNUL, { nil: undefined }),
    pid: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    token: fc
      .uint8Array({ maxLength: 300 })
      .map((bytes) => Buffer.from(bytes.map((byte) => byte || 1)).toString('latin1')),
  });

  it('is read as it was written, however it is split', () => {
    fc.assert(
      fc.property(requests, fc.array(fc.integer({ min: 1, max: 99 })), (request, lengths) => {
        const { rhost, ...rest } = request;
        const bytes = formatRequest({ ...rest, ...(rhost === undefined ? {} : { rhost }) });
        const parser = createRequestParser();
        const answers: unknown[] = [];
        let at = 0;
        for (const length of [...lengths, bytes.length]) {
          if (at < bytes.length) answers.push(parser.push(bytes.subarray(at, at + length)));
          at += length;
        }
        expect(answers.pop()).toEqual({ ...request, via: 'pam' });
        expect(answers.every((answer) => answer === undefined)).toBe(true);
      }),
    );
  });
});

describe('a JSON object', () => {
  const objects = fc
    .jsonValue({ maxDepth: 5 })
    .filter((value) => isJSONObject(value) && !Object.hasOwn(value, '__proto__'));

  it('is read as it was written', () => {
    fc.assert(
      fc.property(objects, fc.integer({ min: 0, max: 4 }), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        expect(parseJSONObject(Buffer.from(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  it('is none when any member of it stands there twice', () => {
    fc.assert(
      fc.property(objects, anyText, fc.jsonValue(), (value, name, other) => {
        const own = isJSONObject(value) ? Object.keys(value).filter((key) => key !== name) : [];
        const members = [...own, name, name].map(
          (key) => `${JSON.stringify(key)}:${JSON.stringify(other)}`,
        );
        expect(parseJSONObject(Buffer.from(`{${members.join(',')}}`))).toBe(
          'a member stands twice in the same object',
        );
      }),
    );
  });
});

describe('a quoted value', () => {
  it('is printable ASCII and short, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(brokenText, fc.jsonValue(), fc.anything()), (value) => {
        expect(quote(value)).toMatch(/^[\x20-\x7e]{1,600}$/);
      }),
    );
  });

  it('tells any two short texts apart', () => {
    fc.assert(
      fc.property(brokenText, brokenText, (a, b) => {
        expect(quote(a) === quote(b)).toBe(a === b);
      }),
    );
  });
});

it('a reply keeps to the grammar of docs/understand/protocol.md, whatever was decided', () => {
  const code = fc.constantFrom<ErrorCode>(
    'ERR_NOT_A_TOKEN',
    'ERR_KEYS_UNAVAILABLE',
    'ERR_INTERNAL',
  );
  const message = fc.oneof(brokenText, anyText).filter((text) => text !== '');
  fc.assert(
    fc.property(code, message, fc.option(brokenText, { nil: undefined }), (its, text, hint) => {
      const reply = formatReply(refuse(its, text, hint));
      expect(reply).toMatch(/^(?:denied|unavailable) ERR_[A-Z_]{1,60} [\x20-\x7e]+$/);
      expect(reply.length).toBeLessThanOrEqual(511);
    }),
  );
});

describe('a claim', () => {
  const names = fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 6 });

  it('is found by the JSON Pointer of its place, and by no other', () => {
    fc.assert(
      fc.property(names, fc.jsonValue(), fc.string(), (path, value, other) => {
        const claims = path.reduceRight<unknown>(
          (inner, name) => Object.fromEntries([[name, inner]]),
          value,
        );
        if (!isJSONObject(claims)) throw new Error('a path has a step at least');
        const pointer = path.map((name) => `/${escapeName(name)}`).join('');
        expect(findClaim(claims, pointer)).toEqual(value);
        const [first = '', ...rest] = path;
        fc.pre(other !== first);
        const wrong = [other, ...rest].map((name) => `/${escapeName(name)}`).join('');
        expect(findClaim(claims, wrong)).toBeUndefined();
      }),
    );
  });
});

describe('a role', () => {
  const role = fc.string({ unit: fc.constantFrom('a', 'b', '_', 'ä', '.'), maxLength: 8 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '_', '*', '.'), maxLength: 6 });

  it('is protected by a pattern as by the regular expression that says the same', () => {
    fc.assert(
      fc.property(role, pattern, (name, glob) => {
        const expression = new RegExp(
          `^${glob
            .split('*')
            .map((part) => RegExp.escape(part))
            .join('.*')}$`,
          's',
        );
        expect(isProtectedRole(name, [glob])).toBe(expression.test(name));
      }),
      { numRuns: 5000 },
    );
  });

  it('is granted where it is permitted, not protected and short enough, and nowhere else', () => {
    const any = fc.oneof(
      role,
      anyText,
      fc.constantFrom('a'.repeat(63), 'a'.repeat(64), 'ä'.repeat(32)),
    );
    fc.assert(
      fc.property(
        any,
        fc.array(any),
        fc.array(pattern),
        fc.array(any),
        (asked, permitted, globs, exceptions) => {
          const isGranted =
            permitted.includes(asked) &&
            (!isProtectedRole(asked, globs) || exceptions.includes(asked)) &&
            Buffer.byteLength(asked) <= 63 &&
            !asked.includes('\u{FFFD}');
          const refusal = checkRole(asked, permitted, globs, exceptions);
          expect(refusal === undefined).toBe(isGranted);
        },
      ),
      { numRuns: 5000 },
    );
  });
});

it('a key set is read or told what is wrong, whatever it holds', () => {
  const member = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('RSA', 'EC', 'OKP', 'P-256', 'AQAB', 'sig'),
  );
  const names = fc.constantFrom('kty', 'kid', 'alg', 'use', 'n', 'e', 'crv', 'x', 'y', 'd', 'k');
  const keys = fc.array(fc.oneof(fc.dictionary(names, member), fc.jsonValue()), { maxLength: 10 });
  fc.assert(
    fc.property(keys, (list) => {
      const parsed = parseKeySet({ keys: list });
      if (typeof parsed === 'string') throw new Error('a list of ten is a key set');
      expect(parsed.keySet.keys.length + parsed.rejected.length).toBe(list.length);
      for (const { reason } of parsed.rejected) expect(reason).toMatch(/^[\x20-\x7e]+$/);
    }),
  );
});

it('issuers.yaml is read or told what is wrong in one line each, whatever it holds', () => {
  const known = fc.constantFrom('apiVersion', 'issuers', 'name', 'issuer', 'url', 'roles', 'claim');
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(fc.oneof(known, fc.string()), tie('tree'), { maxKeys: 6 }),
    ),
  }));
  fc.assert(
    fc.property(tree, (value) => {
      const parsed = parseConfig(stringify(value));
      if (parsed.ok) throw new Error('random values are no configuration');
      expect(parsed.problems.length).toBeGreaterThan(0);
      for (const problem of parsed.problems) {
        expect(formatProblem('issuers.yaml', problem)).not.toMatch(/\p{Cc}/u);
      }
    }),
    { numRuns: 300 },
  );
});

function escapeName(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
