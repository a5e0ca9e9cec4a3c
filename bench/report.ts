// How the figures are shown: a table for people, JSON for programs, a plot for the documentation.
import { median } from './statistics.ts';

/** The login rates of one method with one number of clients, one for each round, in logins a second. */
export interface Series {
  readonly method: string;
  readonly clients: number;
  readonly rates: readonly number[];
}

/** Writes the login rates as a table: median with least and most. */
export function formatTable(series: readonly Series[]): string {
  const clients = [...new Set(series.map((one) => one.clients))];
  const methods = [...new Set(series.map((one) => one.method))];
  const header = [
    'logins/s',
    ...clients.map((count) => `${count} client${count === 1 ? '' : 's'}`),
  ];
  const rows = methods.map((method) => [
    method,
    ...clients.map((count) => {
      const found = series.find((one) => one.method === method && one.clients === count);
      return found === undefined ? '-' : formatRates(found.rates);
    }),
  ]);
  const lines = [header, ...rows];
  const widths = header.map((_, column) =>
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

const WIDTH = 720;
const BAR = 16;
const LEFT = 130;
const COLOURS: readonly string[] = ['#336791', '#6a9fd4', '#b5d0ea'];

/** Draws the medians as horizontal bars, one group for each method, as a whole SVG document. */
export function drawPlot(series: readonly Series[]): string {
  const methods = [...new Set(series.map((one) => one.method))];
  const clients = [...new Set(series.map((one) => one.clients))];
  const most = Math.max(...series.map((one) => median(one.rates)));
  const group = BAR * clients.length + 14;
  const height = methods.length * group + 60;
  const bars = methods.flatMap((method, row) => [
    text(LEFT - 8, 40 + row * group + (BAR * clients.length) / 2 + 4, method, 'end'),
    ...clients.flatMap((count, n) => {
      const found = series.find((one) => one.method === method && one.clients === count);
      if (found === undefined) {
        return [];
      }
      const rate = median(found.rates);
      const y = 40 + row * group + n * BAR;
      const width = Math.max(1, (rate / most) * (WIDTH - LEFT - 80));
      return [
        `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 2}" fill="${COLOURS[n % COLOURS.length] ?? '#336791'}"/>`,
        text(LEFT + width + 5, y + BAR - 5, rate.toFixed(0), 'start'),
      ];
    }),
  ]);
  const legend = clients.flatMap((count, n) => [
    `<rect x="${LEFT + n * 110}" y="12" width="12" height="12" fill="${COLOURS[n % COLOURS.length] ?? '#336791'}"/>`,
    text(LEFT + n * 110 + 18, 22, `${count} client${count === 1 ? '' : 's'}`, 'start'),
  ]);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...legend,
    ...bars,
    text(LEFT, height - 8, 'logins per second, medians; more is better', 'start'),
    '</svg>',
    '',
  ].join('\n');
}

function text(x: number, y: number, content: string, anchor: 'start' | 'end'): string {
  return `<text x="${x.toFixed(1)}" y="${y}" text-anchor="${anchor}">${content}</text>`;
}
