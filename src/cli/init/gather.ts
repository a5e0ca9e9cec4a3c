// From options, from what was found, and where there is a terminal from questions, to what is wanted.
import {
  addAnswers,
  checkAnswer,
  findMissing,
  itemsOf,
  optionOf,
  type Answers,
} from '../../init/answers.ts';
import type { InitProblem } from '../../init/init-problem.ts';
import type { Kind, Parameter } from '../../init/kind.ts';
import { findKind, KINDS } from '../../init/kinds.ts';
import { pathOfExample, readShippedText } from '../../init/shipped-texts.ts';
import { fillExample } from '../../init/fill/fill-example.ts';
import { checkURL } from '../../init/detect/check-given.ts';
import { hasKubectl } from '../../init/detect/ask-kubectl.ts';
import { readTokenFacts } from '../../init/detect/read-token-facts.ts';
import { quote } from '../../quote.ts';
import { detect, type Detected } from './detect.ts';
import type { InitOptions } from './init-options.ts';

/** What is known at the end. */
export interface Gathered {
  readonly kind: Kind;
  readonly answers: Answers;
  readonly detected: Detected;
  /** Whether anything was asked. */
  readonly hasAsked: boolean;
}

/** The first sentence of an example. */
export function titleOf({ name }: Kind): string {
  const [first = ''] = readShippedText(pathOfExample(name)).split('\n');
  return name === 'kubernetes'
    ? 'One Kubernetes cluster whose issuer has a URL of its own.'
    : first.replace(/^# /, '');
}

/** @param mayAsk whether there is a terminal. */
export async function gather(
  kindName: string | undefined,
  options: InitOptions,
  mayAsk: boolean,
): Promise<Gathered | InitProblem> {
  const named = kindName === undefined ? undefined : findKind(kindName);
  if (kindName !== undefined && named === undefined) {
    return {
      problem: `there is no kind ${quote(kindName)}`,
      hint: 'pgtoken init --list shows those that there are.',
    };
  }
  const isToldNothing =
    named === undefined &&
    options.url === undefined &&
    options.tokenFile === undefined &&
    options.kubectl === undefined;
  if (isToldNothing && !mayAsk) {
    return {
      problem: 'no kind of issuer is given, and there is no terminal to ask at',
      hint: 'Name one (pgtoken init --list), or give --url, --token-file or --kubectl.',
    };
  }
  if (options.name !== undefined && named !== undefined && named.entry === undefined) {
    return {
      problem: `--name is given, and ${named.name} has several entries`,
      hint: 'Leave it out; pgtoken init --list shows the kinds.',
    };
  }
  const source = isToldNothing ? await askSource() : {};
  const detected = await detect({ ...options, ...source.options }, source.pasted);
  if ('problem' in detected) {
    return detected;
  }
  const kind = named ?? (await chooseKind(detected, mayAsk));
  if ('problem' in kind) {
    return kind;
  }
  const answers = new Map<string, string[]>();
  const wrong = addAnswers(kind, answers, givenIn(options)) ?? addDetected(kind, answers, detected);
  if (wrong !== undefined) {
    return wrong;
  }
  const missing = findMissing(kind, answers);
  const hasAsked = isToldNothing || missing.length > 0 || lacksRoles(kind, answers);
  if (hasAsked && mayAsk) {
    await askRest(kind, answers);
  } else if (missing.length > 0) {
    return {
      problem: `${kind.name} needs more: ${missing.map(({ name }) => name).join(', ')}`,
      hint: `Give ${missing.map(optionOf).join(', ')}.`,
    };
  }
  return { kind, answers, detected, hasAsked: hasAsked && mayAsk };
}

function givenIn(options: InitOptions): (readonly [string, string])[] {
  const own = [
    ['url', options.url],
    ['audience', options.audience],
    ['jwks', options.jwks],
  ] as const;
  return [
    ...own.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
    ...(options.set ?? []).map((text) => {
      const at = text.indexOf('=');
      return [text.slice(0, at), text.slice(at + 1)] as const;
    }),
  ];
}

/** What was found counts where nobody has said otherwise. */
function addDetected(
  kind: Kind,
  answers: Map<string, string[]>,
  detected: Detected,
): InitProblem | undefined {
  const found = [...detected.answers];
  if (detected.certificateAuthority !== undefined) {
    found.push(['certificate-authority', 'as given']);
  }
  return addAnswers(
    kind,
    answers,
    found.filter(
      ([name]) => !answers.has(name) && kind.parameters.some((one) => one.name === name),
    ),
  );
}

/** Whether nobody could log in by what is known. */
function lacksRoles(kind: Kind, answers: Answers): boolean {
  const filled = fillExample(kind, readShippedText(pathOfExample(kind.name)), answers, {
    name: undefined,
    service: undefined,
    certificateAuthorityFile: undefined,
    provision: false,
  });
  return typeof filled !== 'string';
}

interface Source {
  readonly options?: Pick<InitOptions, 'url' | 'kubectl'>;
  readonly pasted?: string;
}

async function askSource(): Promise<Source> {
  const { askChoice, askSecret, askText } = await import('./ask.ts');
  const source = await askChoice('How is the issuer to be found?', [
    ...((await hasKubectl())
      ? [{ value: 'kubectl', label: 'By kubectl', hint: "the current context's cluster" } as const]
      : []),
    { value: 'url', label: 'By its URL' },
    { value: 'token', label: 'By a token of it', hint: 'which is neither shown nor kept' },
    { value: 'list', label: 'By a list of what there is' },
  ]);
  switch (source) {
    case 'kubectl':
      return { options: { kubectl: true } };
    case 'url':
      return {
        options: {
          url: await askText("The issuer's URL", (answer) => checkURL(answer)?.problem),
        },
      };
    case 'token':
      return {
        pasted: await askSecret('Paste the token', (answer) => {
          const facts = readTokenFacts(answer);
          return 'problem' in facts ? facts.problem : undefined;
        }),
      };
    case 'list':
      return {};
  }
}

async function chooseKind(detected: Detected, mayAsk: boolean): Promise<Kind | InitProblem> {
  const [only, ...more] = detected.kinds;
  if (only !== undefined && more.length === 0) {
    return only;
  }
  if (!mayAsk) {
    const names = detected.kinds.map(({ name }) => name);
    const of = detected.url === undefined ? 'the issuer' : quote(detected.url);
    return only === undefined
      ? {
          problem: `of what kind ${of} is cannot be told`,
          hint: 'Name the kind: pgtoken init KIND. pgtoken init --list shows those that there are.',
        }
      : {
          problem: `${of} is of more than one kind: ${names.join(', ')}`,
          hint: `Name the one that is meant: pgtoken init ${only.name}.`,
        };
  }
  const { askChoice } = await import('./ask.ts');
  const kinds = only === undefined ? KINDS : detected.kinds;
  const name = await askChoice(
    'Whose tokens are to be accepted?',
    kinds.map((kind) => ({ value: kind.name, label: kind.name, hint: titleOf(kind) })),
  );
  return findKind(name) ?? { problem: `there is no kind ${name}`, hint: 'Choose another.' };
}

async function askRest(kind: Kind, answers: Map<string, string[]>): Promise<void> {
  for (const parameter of kind.parameters) {
    const isUnwanted = isOfUnwantedEntry(kind, parameter, answers);
    if (!answers.has(parameter.name) && !isUnwanted) {
      const given = await askFor(parameter);
      if (given.length > 0) {
        answers.set(parameter.name, given);
      }
    }
  }
}

/** Who has no partner is not asked for the partner's keys. */
function isOfUnwantedEntry({ parameters }: Kind, parameter: Parameter, answers: Answers): boolean {
  const first = parameters.find((one) => 'without' in one && one.without === 'no entry');
  const last = parameters.findLast((one) => one.kind === 'grant');
  const isIn = 'without' in parameter && parameter.without === 'no entry';
  return (
    first !== undefined &&
    first !== parameter &&
    !answers.has(first.name) &&
    (isIn || parameter === last)
  );
}

async function askFor(parameter: Parameter): Promise<string[]> {
  const { askChoice, askText, askWhether } = await import('./ask.ts');
  const { asks } = parameter;
  const isOptional = 'without' in parameter && parameter.without !== undefined;
  const check = (answer: string): string | undefined =>
    answer === '' && isOptional ? undefined : checkAnswer(parameter, answer)?.problem;
  switch (parameter.kind) {
    case 'switch':
      return [(await askWhether(asks, parameter.default === 'yes')) ? 'yes' : 'no'];
    case 'choice':
      return [
        await askChoice(
          asks,
          Object.keys(parameter.entries).map((value) => ({ value, label: value })),
        ),
      ];
    case 'list': {
      return [...itemsOf(await askText(`${asks}, with commas`, check))];
    }
    case 'grant':
      return askGrants(`${asks}: WHO=ROLE, nothing to go on`, (answer) =>
        answer === '' ? undefined : check(answer),
      );
    case 'value':
    case 'file': {
      const initial = parameter.kind === 'value' ? parameter.default : undefined;
      const answer = await askText(isOptional ? `${asks}; nothing for none` : asks, check, initial);
      return answer === '' ? [] : [answer];
    }
  }
}

async function askGrants(
  message: string,
  check: (answer: string) => string | undefined,
): Promise<string[]> {
  const { askText } = await import('./ask.ts');
  const grants: string[] = [];
  for (;;) {
    const answer = await askText(message, check);
    if (answer === '') {
      return grants;
    }
    grants.push(answer);
  }
}
