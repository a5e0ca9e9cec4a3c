// Tries one login with the real psql and shows it.
import type { DemoWorld } from './demo-world.ts';
import type { Scenario } from './scenarios.ts';
import { screen } from './screen.ts';

/** Returns whether the login went as the scenario says. */
export async function playScenario(
  world: DemoWorld,
  scenario: Scenario,
  number: number,
): Promise<boolean> {
  const { cluster } = world.host;
  screen.title(`${number}. ${scenario.title}`);
  screen.text(`token: ${scenario.token}`);
  screen.command(
    `PGPASSWORD=$TOKEN psql -h 127.0.0.1 -p ${cluster.port} -U ${scenario.role} postgres`,
  );

  const mark = await cluster.log.mark();
  const answer = await cluster.psql({ role: scenario.role, password: await scenario.mint(world) });
  screen.output(answer.stdout + answer.stderr);

  // PostgreSQL logs a refusal before it tells the client.
  const logged = await cluster.log.since(mark);
  const reasons = logged.split('\n').filter((line) => line.includes('underlying PAM layer'));
  if (answer.status !== 0) {
    screen.text("PostgreSQL's log:");
    screen.output(reasons.join('\n') || logged);
  }

  const asExpected =
    scenario.refusal === undefined
      ? answer.status === 0 && answer.stdout === `${scenario.role}\n`
      : answer.status !== 0 && reasons.some((line) => line.includes(`${scenario.refusal} `));
  const outcome = answer.status === 0 ? 'granted' : 'refused';
  if (asExpected) screen.good(`${outcome}, as it should be`);
  else screen.bad(`${outcome}: EXPECTED ${scenario.refusal ?? 'granted'}`);
  screen.blank();
  return asExpected;
}
