// Draws panels of lines beside and below each other, as one SVG document for light and dark pages.

/** One line. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** One set of axes. */
export interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
  /** Where the axis begins and ends, and what is written below it. */
  readonly x: {
    readonly from: number;
    readonly to: number;
    readonly ticks: readonly (readonly [x: number, label: string])[];
  };
  /** How values of the other axis are written; default: as they are. */
  readonly format?: (value: number) => string;
  /** What the other axis reaches at least; default: no more than is needed. */
  readonly least?: number;
}

const WIDTH = 340;
const HEIGHT = 150;
const MARGIN = { left: 56, top: 34, right: 14, bottom: 28 } as const;
const LEGEND_LINE = 16;
const COLOURS = ['#0969da', '#cf222e', '#1a7f37', '#bf8700', '#8250df', '#0a6c74', '#6e7781'];

/** @param columns how many panels are beside each other. */
export function drawPanels(panels: readonly Panel[], columns: number): string {
  const cellWidth = MARGIN.left + WIDTH + MARGIN.right;
  const parts: string[] = [];
  let top = 0;
  for (let first = 0; first < panels.length; first += columns) {
    const row = panels.slice(first, first + columns);
    row.forEach((panel, column) => {
      parts.push(...drawPanel(panel, column * cellWidth + MARGIN.left, top + MARGIN.top));
    });
    const legend = Math.max(...row.map((panel) => legendLines(panel)));
    top += MARGIN.top + HEIGHT + MARGIN.bottom + legend * LEGEND_LINE;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${cellWidth * Math.min(columns, panels.length)} ${top + 8}" font-family="sans-serif" font-size="11">`,
    '<style>text{fill:#24292f}line{stroke:#8c959f}@media(prefers-color-scheme:dark){text{fill:#e6edf3}}</style>',
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

/** One line says nothing in a legend that the title does not say. */
function legendLines({ lines }: Panel): number {
  return lines.length < 2 ? 0 : lines.length;
}

function drawPanel(panel: Panel, left: number, top: number): readonly string[] {
  const { title, lines, x: axis, format = String, least = 0 } = panel;
  const most = Math.max(
    least,
    lines.reduce(
      (peak, { points }) => points.reduce((higher, [, value]) => Math.max(higher, value), peak),
      0,
    ),
  );
  const step = niceStep(most > 0 ? most / 4 : 0.25);
  const ceiling = Math.max(step, Math.ceil(most / step - 1e-9) * step);
  const x = (value: number): number => left + ((value - axis.from) / (axis.to - axis.from)) * WIDTH;
  const y = (value: number): number => top + HEIGHT - (value / ceiling) * HEIGHT;
  const parts = [text(left, top - 12, title, 'start', 'font-weight="bold"')];
  for (let count = 0; count * step <= ceiling + step / 2; count += 1) {
    const height = y(count * step).toFixed(1);
    parts.push(
      `<line x1="${left}" y1="${height}" x2="${left + WIDTH}" y2="${height}" stroke-width="0.5"/>`,
      text(left - 6, y(count * step) + 4, format(Number((count * step).toPrecision(6))), 'end'),
    );
  }
  parts.push(...axis.ticks.map(([at, label]) => text(x(at), top + HEIGHT + 17, label, 'middle')));
  lines.forEach(({ name, points }, number) => {
    const colour = COLOURS[number % COLOURS.length] ?? '';
    const path = points.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`);
    parts.push(
      `<polyline points="${path.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.5"/>`,
    );
    if (lines.length > 1) {
      const below = top + HEIGHT + MARGIN.bottom + (number + 0.5) * LEGEND_LINE;
      parts.push(
        `<rect x="${left}" y="${below - 6}" width="14" height="4" fill="${colour}"/>`,
        text(left + 20, below, name, 'start'),
      );
    }
  });
  return parts;
}

/** @returns the next of 1, 2, 5, 10, 20, 50, … that is not below. */
export function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((step) => step * power >= least) ?? 10);
}

/** Text of an SVG document. */
export function text(
  x: number,
  y: number,
  content: string,
  anchor: 'start' | 'middle' | 'end',
  attributes = '',
): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}"${attributes === '' ? '' : ` ${attributes}`}>${escaped}</text>`;
}
