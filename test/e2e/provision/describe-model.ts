// Any sequence of logins, changes by hand and changes of what is allowed, against a model of who has what: what a DBA granted is
// never lost, and nobody has what neither a DBA nor a token gives.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { ALLOWED, type PreparedServer } from './sql-server.ts';

const GROUPS = [...ALLOWED];
const WHO = ['model:a', 'model"b', "model'c"];

type Step =
  | {
      readonly kind: 'login';
      readonly who: number;
      readonly groups: readonly number[];
      readonly isComplete: boolean;
    }
  | { readonly kind: 'grant' | 'revoke'; readonly who: number; readonly group: number };

const who = fc.nat({ max: WHO.length - 1 });
const group = fc.nat({ max: GROUPS.length - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('login' as const),
      who,
      groups: fc.uniqueArray(group),
      isComplete: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('grant' as const, 'revoke' as const),
      who,
      group,
    }),
  },
);

/** Who granted a membership. */
type Grantors = Set<'dba' | 'pgtoken'>;

/** The memberships of all, as they should be. */
class Model {
  readonly #granted = new Map<string, Grantors>();
  readonly #isExact: boolean;
  readonly #made = new Set<number>();

  constructor(isExact: boolean) {
    this.#isExact = isExact;
  }

  grantorsOf(member: number, role: number): Grantors {
    const key = `${member}:${role}`;
    const grantors = this.#granted.get(key) ?? new Set();
    this.#granted.set(key, grantors);
    return grantors;
  }

  exists(member: number): boolean {
    return this.#made.has(member);
  }

  take(taken: Step): void {
    if (taken.kind === 'login') {
      this.#made.add(taken.who);
      for (const [role] of GROUPS.entries()) {
        const grantors = this.grantorsOf(taken.who, role);
        // Before 16 a membership is one, and whose it is stays.
        if (taken.groups.includes(role)) {
          if (this.#isExact || grantors.size === 0) grantors.add('pgtoken');
        } else if (taken.isComplete) grantors.delete('pgtoken');
      }
    } else if (this.exists(taken.who)) {
      const grantors = this.grantorsOf(taken.who, taken.group);
      if (taken.kind === 'grant') {
        if (this.#isExact || grantors.size === 0) grantors.add('dba');
      } else if (this.#isExact) grantors.delete('dba');
      else grantors.clear();
    }
  }

  membershipsOf(member: number): string[] {
    return GROUPS.filter((_, role) => this.grantorsOf(member, role).size > 0).toSorted();
  }
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** @param on there from `beforeAll` on. */
export function describeModel(on: () => PreparedServer, numRuns = 60): void {
  it('ends where the model does', async () => {
    const { dba, provision, membershipsOf, version } = on();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        for (const role of WHO) await dba.query(`drop role if exists ${quoted(role)}`);
        const model = new Model(version >= 160_000);
        for (const taken of steps) {
          const role = WHO[taken.who] ?? '';
          if (taken.kind === 'login') {
            await provision({
              role,
              memberOf: taken.groups.map((index) => GROUPS[index] ?? ''),
              mayRevoke: taken.isComplete,
            });
          } else if (model.exists(taken.who)) {
            const name = quoted(GROUPS[taken.group] ?? '');
            await dba.query(
              taken.kind === 'grant'
                ? `grant ${name} to ${quoted(role)}`
                : `revoke ${name} from ${quoted(role)}`,
            );
          }
          model.take(taken);
          for (const [index, name] of WHO.entries()) {
            expect(await membershipsOf(name)).toEqual(model.membershipsOf(index));
          }
        }
      }),
      { numRuns },
    );
    for (const role of WHO) await dba.query(`drop role if exists ${quoted(role)}`);
  });
}
