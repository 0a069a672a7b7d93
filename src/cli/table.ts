import { stripVTControlCharacters } from 'node:util';

/**
 * Rows in columns as wide as they need, two spaces apart, without trailing spaces. Escape codes take no room.
 * @returns lines; none if there are no rows
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return [];
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map(row => width(row[column] ?? ''))));
  return all.map(row =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell)))
      .join('  ')
      .trimEnd(),
  );
}

function width(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}
