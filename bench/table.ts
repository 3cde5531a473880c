/** A column of a printed table: text to the left, figures to the right. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Lines of a table, its columns as wide as their widest cell, two spaces between them. `indent`: spaces before each line. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  { indent = 0 }: { indent?: number } = {},
): string[] {
  const cells = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)));
  const pad = (text: string, at: number) =>
    columns[at]?.align === 'left' ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0);
  return cells.map((row) => (' '.repeat(indent) + row.map(pad).join('  ')).trimEnd());
}

/** A whole number with thousands separated. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** A ratio with two decimals; `-` where there is nothing to divide. */
export function ratio(part: number | undefined, whole: number | undefined): string {
  return part === undefined || whole === undefined || whole === 0 ? '-' : (part / whole).toFixed(2);
}
