// What of a configuration with problems is sound all the same, so that everything that is wrong is said at once.
import { isJSONObject } from '../parse-json-object.ts';
import { issuerSchema, keysSchema } from './schema/key-schema.ts';
import { roleRuleSchema } from './schema/role-schema.ts';
import type { IssuerPart, KeysPart, RoleRule, ValidationRule } from './schema/schema.ts';
import { validationRuleSchema } from './schema/token-schema.ts';

/** The parts of an entry that are sound by themselves, whatever is wrong beside them. */
export interface ValidParts {
  /** Which entry of `issuers` it is. */
  readonly index: number;
  readonly issuer: IssuerPart | undefined;
  readonly keys: KeysPart;
  readonly rules: readonly Indexed<RoleRule>[];
  readonly validationRules: readonly Indexed<ValidationRule>[];
}

/** A rule and which one of its list it is. */
export interface Indexed<Rule> {
  readonly index: number;
  readonly rule: Rule;
}

/** Finds the sound parts of every entry of a file, whatever else it holds. */
export function findValidParts(value: unknown): ValidParts[] {
  const entries: unknown = isJSONObject(value) ? value['issuers'] : undefined;
  return (Array.isArray(entries) ? entries : []).map((entry: unknown, index): ValidParts => {
    const { issuer, keys, roles, claimValidationRules } = isJSONObject(entry) ? entry : {};
    return {
      index,
      issuer: issuerSchema.safeParse(issuer).data,
      keys: keysSchema.safeParse(keys).data,
      rules: findSoundRules(roles, (rule) => roleRuleSchema.safeParse(rule).data),
      validationRules: findSoundRules(
        claimValidationRules,
        (rule) => validationRuleSchema.safeParse(rule).data,
      ),
    };
  });
}

function findSoundRules<Rule>(
  rules: unknown,
  parse: (rule: unknown) => Rule | undefined,
): Indexed<Rule>[] {
  return (Array.isArray(rules) ? rules : []).flatMap((item: unknown, index) => {
    const rule = parse(item);
    return rule === undefined ? [] : [{ index, rule }];
  });
}
