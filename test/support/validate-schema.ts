// Validates a value by a JSON Schema (draft 2020-12), as far as the schema of issuers.yaml needs it. A keyword that is not
// known here throws, so that none is passed over.
import { isJSONObject, type JSONObject } from '../../src/parse-json-object.ts';

/** @returns where the value does not fit, as paths with the keyword that says so; none when it fits. */
export function validateSchema(schema: unknown, value: unknown, path = '$'): string[] {
  if (!isJSONObject(schema)) throw new Error(`${path}: the schema is no object`);
  return Object.entries(schema).flatMap(([keyword, demand]) => {
    const check = KEYWORDS[keyword];
    if (check === undefined) throw new Error(`${path}: unknown keyword ${keyword}`);
    return check(demand, value, path, schema);
  });
}

type Check = (demand: unknown, value: unknown, path: string, schema: JSONObject) => string[];

const annotation: Check = () => [];

const unless =
  (keyword: string, holds: (demand: unknown, value: unknown) => boolean): Check =>
  (demand, value, path) =>
    holds(demand, value) ? [] : [`${path} ${keyword}`];

/** How many of the schemas a value fits. */
function countFits(schemas: unknown, value: unknown): number {
  if (!Array.isArray(schemas)) throw new Error('expected a list of schemas');
  return schemas.filter((one: unknown) => validateSchema(one, value).length === 0).length;
}

const KEYWORDS: Readonly<Record<string, Check>> = {
  $schema: annotation,
  $id: annotation,
  title: annotation,
  description: annotation,
  default: annotation,
  type: unless('type', (demand, value) =>
    (Array.isArray(demand) ? demand : [demand]).some((type: unknown) => typeOf(value, type)),
  ),
  const: unless('const', (demand, value) => demand === value),
  enum: unless('enum', (demand, value) => Array.isArray(demand) && demand.includes(value)),
  pattern: unless(
    'pattern',
    (demand, value) => typeof value !== 'string' || new RegExp(String(demand)).test(value),
  ),
  minLength: unless(
    'minLength',
    (demand, value) => typeof value !== 'string' || value.length >= Number(demand),
  ),
  minimum: unless(
    'minimum',
    (demand, value) => typeof value !== 'number' || value >= Number(demand),
  ),
  maximum: unless(
    'maximum',
    (demand, value) => typeof value !== 'number' || value <= Number(demand),
  ),
  minItems: unless(
    'minItems',
    (demand, value) => !Array.isArray(value) || value.length >= Number(demand),
  ),
  anyOf: unless('anyOf', (demand, value) => countFits(demand, value) > 0),
  oneOf: unless('oneOf', (demand, value) => countFits(demand, value) === 1),
  required: unless(
    'required',
    (demand, value) =>
      !isJSONObject(value) ||
      (Array.isArray(demand) && demand.every((key) => Object.hasOwn(value, String(key)))),
  ),
  items: (demand, value, path) =>
    Array.isArray(value)
      ? value.flatMap((item: unknown, index) => validateSchema(demand, item, `${path}[${index}]`))
      : [],
  properties: (demand, value, path) =>
    isJSONObject(value) && isJSONObject(demand)
      ? Object.entries(demand).flatMap(([key, schema]) =>
          Object.hasOwn(value, key) ? validateSchema(schema, value[key], `${path}.${key}`) : [],
        )
      : [],
  propertyNames: (demand, value, path) =>
    isJSONObject(value)
      ? Object.keys(value).flatMap((key) => validateSchema(demand, key, `${path}.${key}`))
      : [],
  additionalProperties: (demand, value, path, schema) => {
    const known = isJSONObject(schema['properties']) ? schema['properties'] : {};
    const more = isJSONObject(value)
      ? Object.entries(value).filter(([key]) => !Object.hasOwn(known, key))
      : [];
    return demand === false
      ? more.map(([key]) => `${path}.${key} additionalProperties`)
      : more.flatMap(([key, item]) => validateSchema(demand, item, `${path}.${key}`));
  },
};

function typeOf(value: unknown, type: unknown): boolean {
  switch (type) {
    case 'object':
      return isJSONObject(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'string':
    case 'boolean':
      return typeof value === type;
    default:
      throw new Error(`unknown type ${String(type)}`);
  }
}
