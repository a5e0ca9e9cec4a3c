// What the build does to the text of the bundle, and where it refuses to.
import { runInNewContext } from 'node:vm';

import { expect, it } from 'vitest';
import * as z from 'zod/mini';

import configs from '../../rolldown.config.ts';

const PLUGINS = z.array(
  z.looseObject({
    name: z.string(),
    generateBundle: z.optional(
      z.custom<(options: object, bundle: object) => void>((value) => typeof value === 'function'),
    ),
  }),
);

/** @returns the code of a bundle of one file after a plugin. */
function generate(name: string, code: string, moduleIds: readonly string[] = []): string {
  const plugin = PLUGINS.parse(configs[0]?.plugins).find((one) => one.name === name);
  if (plugin?.generateBundle === undefined) throw new Error(`there is no plugin ${name}`);
  const file = { type: 'chunk', code, moduleIds };
  plugin.generateBundle({}, { 'x.cjs': file });
  return file.code;
}

it('writes what is outside of ASCII as escapes that mean the same', () => {
  const code = '["é…😀", `–`, /^[é😀]$/u.test("😀"), /é/.test("e"), Object.keys({µs: 1})].join()';
  const escaped = generate('in-ascii', code);
  expect(escaped).toMatch(/^[\0-\x7f]*$/);
  expect(runInNewContext(escaped)).toBe('é…😀,–,true,false,µs');
});

it.each([String.raw`/\é/`, 'String.raw`a é`'])(
  'refuses what an escape would change: %s',
  (code) => {
    expect(() => generate('in-ascii', code)).toThrow(/cannot be escaped in the bundle; write \\u/);
  },
);

it('refuses the languages of zod', () => {
  const ids = ['/x/node_modules/zod/v4/locales/fr.js'];
  expect(() => generate('zod-without-languages', '', ids)).toThrow(/fr\.js is in the bundle/);
  expect(generate('zod-without-languages', 'x', ['/x/zod/v4/core/core.js'])).toBe('x');
});
