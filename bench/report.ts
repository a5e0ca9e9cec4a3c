// How the figures are shown: a table for people, a plot for the documentation.
import type { MethodName } from './bench-host.ts';
import type { LoginFigures } from './login-clients.ts';
import { niceStep, text } from './draw-panels.ts';
import { median } from './statistics.ts';

/** What one method came to with one number of clients, once for each round. */
export interface Series {
  readonly method: MethodName;
  readonly clients: number;
  readonly rounds: readonly LoginFigures[];
}

/** Writes the login rates as a table: median with least and most, and below it the median of the 99th percentiles. */
export function formatTable(series: readonly Series[]): string {
  const clients = [...new Set(series.map((one) => one.clients))];
  const methods = [...new Set(series.map((one) => one.method))];
  const table = (title: string, cell: (one: Series) => string): string => {
    const header = [title, ...clients.map((count) => `${count} client${count === 1 ? '' : 's'}`)];
    const rows = methods.map((method) => [
      method,
      ...clients.map((count) => {
        const found = series.find((one) => one.method === method && one.clients === count);
        return found === undefined ? '-' : cell(found);
      }),
    ]);
    return alignColumns([header, ...rows]);
  };
  const rates = table('logins/s', ({ rounds }) => formatRates(rounds.map((one) => one.rate)));
  const p99 = table('p99, ms', ({ rounds }) => median(rounds.map((one) => one.p99)).toFixed(1));
  return `${rates}\n\n${p99}`;
}

function alignColumns(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n');
}

function formatRates(rates: readonly number[]): string {
  const shown = [median(rates), Math.min(...rates), Math.max(...rates)].map((rate) =>
    rate.toFixed(rate < 100 ? 1 : 0),
  );
  return `${shown[0]} (${shown[1]}-${shown[2]})`;
}

const PANEL = { width: 330, height: 240, left: 50, top: 40, gap: 90 } as const;
const COLOURS: readonly (readonly [MethodName, string])[] = [
  ['floor', '#6e7781'],
  ['scram', '#bf8700'],
  ['daemon', '#0969da'],
  ['daemon-distinct', '#1a7f37'],
  ['daemon-es256-distinct', '#8250df'],
  ['sessions-distinct', '#bf8700'],
  ['provision-distinct', '#0a6c74'],
  ['baseline-distinct', '#cf222e'],
];

/** Draws rate and 99th percentile against the number of clients, as a whole SVG document for light and dark pages. */
export function drawPlot(series: readonly Series[]): string {
  const drawn = COLOURS.filter(([method]) => series.some((one) => one.method === method));
  const height = PANEL.top + PANEL.height + 50 + Math.ceil(drawn.length / 3) * 20;
  const legend = drawn.map(([method, colour], n) => {
    const x = PANEL.left + (n % 3) * 220;
    const y = PANEL.top + PANEL.height + 54 + Math.floor(n / 3) * 20;
    return `<rect x="${x}" y="${y - 9}" width="14" height="4" fill="${colour}"/>${text(x + 20, y - 3, method, 'start')}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${PANEL.left + 2 * PANEL.width + PANEL.gap + 20} ${height}" font-family="sans-serif" font-size="12">`,
    '<style>text{fill:#24292f}line{stroke:#8c959f}@media(prefers-color-scheme:dark){text{fill:#e6edf3}}</style>',
    ...drawPanel(series, drawn, PANEL.left, 'logins a second', (one) => one.rate),
    ...drawPanel(
      series,
      drawn,
      PANEL.left + PANEL.width + PANEL.gap,
      '99th percentile of a login, ms',
      (one) => one.p99,
    ),
    ...legend,
    '</svg>',
    '',
  ].join('\n');
}

function drawPanel(
  series: readonly Series[],
  drawn: typeof COLOURS,
  left: number,
  title: string,
  figure: (one: LoginFigures) => number,
): readonly string[] {
  const { width, height, top } = PANEL;
  const points = drawn.map(([method, colour]) => ({
    colour,
    points: series
      .filter((one) => one.method === method)
      .map((one) => ({ clients: one.clients, value: median(one.rounds.map(figure)) })),
  }));
  const clients = [...new Set(series.map((one) => one.clients))];
  const most = Math.max(...points.flatMap((line) => line.points.map((point) => point.value)));
  const step = niceStep(most / 5);
  const ceiling = Math.ceil(most / step) * step;
  // Numbers of clients are spread by their logarithm.
  const x = (count: number): number =>
    left + (Math.log(count) / Math.log(Math.max(...clients, 2))) * width;
  const y = (value: number): number => top + height - (value / ceiling) * height;
  const grid: string[] = [];
  for (let value = 0; value <= ceiling; value += step) {
    grid.push(
      `<line x1="${left}" y1="${y(value).toFixed(1)}" x2="${left + width}" y2="${y(value).toFixed(1)}" stroke-width="0.5"/>`,
      text(left - 6, y(value) + 4, String(value), 'end'),
    );
  }
  return [
    text(left, top - 16, title, 'start'),
    ...grid,
    ...clients.map((count) => text(x(count), top + height + 18, String(count), 'middle')),
    text(left + width / 2, top + height + 34, 'clients', 'middle'),
    ...points.map((line) => {
      const path = line.points
        .map(({ clients: count, value }) => `${x(count).toFixed(1)},${y(value).toFixed(1)}`)
        .join(' ');
      return `<polyline points="${path}" fill="none" stroke="${line.colour}" stroke-width="2"/>`;
    }),
  ];
}
