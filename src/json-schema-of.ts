// The JSON Schema (draft 2020-12) of a file of ours, as editors and the tables of the documentation have it.
import * as z from 'zod/mini';

/** @returns that of what stands in the file, before defaults are filled in, with a name of its own (`$id`, a URN). */
export function jsonSchemaOf(
  schema: z.core.$ZodType,
  { id, title, description }: Readonly<Record<'id' | 'title' | 'description', string>>,
): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return { $schema, $id: id, title, description, ...rest };
}
