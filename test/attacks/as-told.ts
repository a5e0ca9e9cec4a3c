// Messages of vectors as a daemon tells them.
/** How a reply words a message: what is quoted in it is no advice of ours (docs/understand/protocol.md). */
export function asTold(message: string): string {
  return message.replaceAll('HINT:', String.raw`HINT\u003a`);
}
