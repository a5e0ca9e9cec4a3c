// What may be set up: a kind of issuer is one of the examples, with the places in it that are somebody's own.
import type { Form } from './forms.ts';

interface Asked {
  /** As behind --set, and in messages. */
  readonly name: string;
  /** What is asked of a person; no full stop. */
  readonly asks: string;
}

/** What becomes of the places of a parameter that has no value: the rules, or the entry, that they are in go. */
export type WithoutIt = 'no rule' | 'no entry';

/** A text of the example that is replaced wherever it stands. */
export interface ValueParameter extends Asked {
  readonly kind: 'value';
  readonly form: Form;
  /** As the example has it. */
  readonly replaces: string;
  /** The keys of issuers.yaml whose values it is in; default: all. Comments follow where it is in all. */
  readonly keys?: readonly string[];
  readonly default?: string;
  readonly without?: WithoutIt;
}

/** A list of the example that is replaced as a whole. */
export interface ListParameter extends Asked {
  readonly kind: 'list';
  readonly form: Form;
  readonly replaces: readonly string[];
}

/** Who may be which roles: `WHO=ROLE[,ROLE]`, each a rule of its own in place of those that the example has on that claim. */
export interface GrantParameter extends Asked {
  readonly kind: 'grant';
  readonly form: Form;
  /** The claim of the rules, as the example writes it; `WHO` in it stands for who it is. */
  readonly claim: string;
  /** What the rules have beside claim and role; default: `equals`. */
  readonly matches?: string;
}

/** A file that issuers.yaml names, and that is copied beside it. */
export interface FileParameter extends Asked {
  readonly kind: 'file';
  /** Its name, as the example has it. */
  readonly replaces: string;
  readonly without?: WithoutIt;
}

/** Which of the entries of the example is the right one; the others go. */
export interface ChoiceParameter extends Asked {
  readonly kind: 'choice';
  /** Each choice with the name of its entry. */
  readonly entries: Readonly<Record<string, string>>;
}

/** Whether a rule of the example is wanted. */
export interface SwitchParameter extends Asked {
  readonly kind: 'switch';
  /** The beginning of the rule, as the example has it. */
  readonly rule: string;
  readonly default: 'yes' | 'no';
}

/** A place of an example that is somebody's own. */
export type Parameter =
  | ValueParameter
  | ListParameter
  | GrantParameter
  | FileParameter
  | ChoiceParameter
  | SwitchParameter;

/** A kind of issuer. */
export interface Kind {
  /** The name of the example. */
  readonly name: string;
  /** The PAM service, where nobody wants another. */
  readonly service: string;
  /** Whether the example's entries name the service. */
  readonly namesService?: true;
  /** The name of the example's only entry; undefined where there are several. */
  readonly entry?: string;
  readonly parameters: readonly Parameter[];
  /** Whether an issuer's URL is that of such an issuer. */
  readonly isIssuer?: (url: URL) => boolean;
}
