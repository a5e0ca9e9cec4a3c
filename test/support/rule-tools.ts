// Everything that rules of issuers.yaml can be compiled with, for tests that do not care what is loaded when.
import { compilePattern } from '../../src/values/pattern.ts';
import type { RuleTools } from '../../src/roles/compile-role-rules.ts';
import { shortenRole } from '../../src/roles/shorten-role.ts';

export const RULE_TOOLS: RuleTools = { compilePattern, shortenRole };
