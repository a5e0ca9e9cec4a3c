// What a rule demands of the text in a claim, as one RE2 expression.
import { RE2JS } from 're2js';

/** A rule on a claim or a role rule, as far as it looks at the claim. */
export interface TextDemand {
  readonly claim: string;
  readonly split?: string | undefined;
  readonly requiredValue?: unknown;
  readonly requiredValues?: readonly unknown[] | undefined;
  readonly trimPrefix?: string | undefined;
  readonly trimSuffix?: string | undefined;
  readonly equals?: string | undefined;
  readonly pattern?: string | undefined;
}

/** @returns what the whole text must match; what is no text cannot be met by one. */
export function demandOf(rule: TextDemand): string {
  const inner = `${quote(rule.trimPrefix ?? '')}${valueOf(rule)}${quote(rule.trimSuffix ?? '')}`;
  if (rule.split === undefined) {
    return inner;
  }
  const separator = quote(rule.split);
  return `(?s:.*${separator})?(?:${inner})(?:${separator}(?s:.*))?`;
}

function valueOf({ requiredValue, requiredValues, equals, pattern }: TextDemand): string {
  if (pattern !== undefined) {
    return `(?:${pattern})`;
  }
  const values = [requiredValue, requiredValues, equals].flat().filter((one) => one !== undefined);
  const texts = values.filter((one) => typeof one === 'string');
  return values.length === 0 ? '(?s:.+)' : `(?:${texts.map(quote).join('|')})`;
}

function quote(text: string): string {
  return text === '' ? '' : RE2JS.quote(text);
}
