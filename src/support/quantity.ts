/** Sizes and durations as people write them in files: a number and its unit. */

const sizeUnits: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 };

export const sizePattern = /^\d+(\.\d+)? ?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$/;
export const durationPattern = /^\d+(\.\d+)? ?(ms|s|min|h)$/;

/** Bytes of a size such as `512MiB`, rounded to whole ones; `undefined` if it is not one. */
export function parseSize(text: string): number | undefined {
  return sizePattern.test(text) ? quantity(text, sizeUnits) : undefined;
}

/** Milliseconds of a duration such as `60s`; `undefined` if it is not one. */
export function parseDuration(text: string): number | undefined {
  return durationPattern.test(text) ? quantity(text, durationUnits) : undefined;
}

function quantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^([\d.]+) ?([A-Za-z]+)$/.exec(text);
  const unit = units[match?.[2] ?? ''];
  const value = unit === undefined ? Number.NaN : Math.round(Number(match?.[1]) * unit);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** A size for people, in the largest binary unit that shows it in at most one decimal: `512 MiB`, `1.5 GiB`. */
export function formatSize(bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB']) {
    const count = bytes / (sizeUnits[unit] ?? 1);
    if (count >= 1 && Number.isInteger(count * 10)) return `${count} ${unit}`;
  }
  return `${bytes} B`;
}

/** A duration as a lab file writes it, in the largest unit that shows it in whole numbers: `90s`, `4h`. */
export function formatDuration(milliseconds: number): string {
  for (const unit of ['h', 'min', 's']) {
    const count = milliseconds / (durationUnits[unit] ?? 1);
    if (count >= 1 && Number.isInteger(count)) return `${count}${unit}`;
  }
  return `${milliseconds}ms`;
}
