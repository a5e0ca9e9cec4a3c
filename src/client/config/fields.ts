// Kinds of values that stand in more than one file of the client's side.
import * as z from 'zod/mini';
import { parseLoopbackAddress } from '../health/parse-address.ts';
import * as values from '../../values/values.ts';

/** A program with its arguments. */
export const argv = (description: string) =>
  z
    .array(z.string({ error: 'expected text' }), {
      error: 'expected a list: the program and its arguments',
    })
    .check(
      z.refine(
        ([program]) => program === undefined || program !== '',
        'must begin with the name of a program',
      ),
      z.minLength(1, 'must not be empty'),
      z.meta({ title: 'list of text, at least one', description }),
    );

/** A TCP port. */
export const port = (description: string) =>
  z
    .int('expected a port, 1 to 65535')
    .check(
      z.minimum(1, 'must be 1 to 65535'),
      z.maximum(65_535, 'must be 1 to 65535'),
      z.meta({ title: 'port, 1 to 65535', description }),
    );

/** Where health is served; none where it is left out. */
export const health = (description: string) =>
  z.pipe(
    z.optional(
      values
        .text(description, 'loopback address')
        .check(
          z.refine(
            (value) => value === '' || parseLoopbackAddress(value) !== undefined,
            'must be 127.0.0.1:PORT or [::1]:PORT, as it tells who logs in where',
          ),
        ),
    ),
    z.transform((value: string | undefined) =>
      value === undefined ? undefined : parseLoopbackAddress(value),
    ),
  );
