// How a command comes to the command line: with its place in the help, and with a pointer to its own help on every mistake.
import type { Command } from 'commander';

/** What the help says of a command. */
export interface CommandTexts {
  /** A few words for the list of commands. */
  readonly summary: string;
  /** Paragraphs for its own help, exit statuses at the end. */
  readonly description: readonly string[];
  /** A line to copy. */
  readonly example?: { readonly title: string; readonly line: string };
}

/** Adds a command below another one. @returns the command, which has no options yet. */
export function addCommand(
  parent: Command,
  name: string,
  { summary, description, example }: CommandTexts,
): Command {
  const command = parent
    .command(name)
    .summary(summary)
    .description(description.join('\n\n'))
    .showHelpAfterError(`HINT: See ${fullName(parent)} ${name} --help.`);
  return example === undefined
    ? command
    : command.addHelpText('after', `\n${example.title}\n  ${example.line}`);
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}
