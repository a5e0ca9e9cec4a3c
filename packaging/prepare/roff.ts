// The few words of man(7) that the pages need, and what must be escaped in them.

/** Text as it is to be shown. Inline code of Markdown becomes bold, emphasis is left alone. */
export function roffText(markdown: string): string {
  const parts = markdown.split('`');
  const shown = parts.map((part, at) =>
    at % 2 === 0
      ? escape(part.replaceAll(/\[([^\]]+)\]\([^)]*\)/g, '$1'))
      : `\\fB${roffCode(part)}\\fR`,
  );
  return shown.join('').replaceAll(/^(?=[.'])/gm, '\\&');
}

/** Text that is typed: with hyphens that can be copied. */
export function roffCode(text: string): string {
  return escape(text).replaceAll('-', '\\-');
}

/** A paragraph with a hanging label. */
export function roffItem(label: string, ...paragraphs: readonly string[]): string {
  return ['.TP', `.B ${roffCode(label)}`, paragraphs.join('\n.IP\n')].join('\n');
}

/** Lines as they stand. */
export function roffExample(text: string): string {
  const lines = roffCode(text.trimEnd()).replaceAll(/^(?=[.'])/gm, '\\&');
  return `.RS 4\n.nf\n${lines}\n.fi\n.RE`;
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\e').replaceAll('…', '...');
}
