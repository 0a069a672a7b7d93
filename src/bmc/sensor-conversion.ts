/** Converts readings: value = `multiplier` × raw × 10^`exponent`. @see IPMI 2.0 §36.3 */
export interface Conversion {
  readonly multiplier: number;
  readonly exponent: number;
}

/** The finest step of one significant digit with which 255 steps reach `maximum`. */
export function conversionFor(maximum: number): Conversion {
  let exponent = Math.floor(Math.log10(maximum / 255));
  // The tolerance keeps 510 / 255 at 2.
  let multiplier = Math.ceil(maximum / 255 / 10 ** exponent - 1e-9);
  if (multiplier === 10) {
    multiplier = 1;
    exponent += 1;
  }
  return { multiplier, exponent };
}

/** A reading as the byte that stands for it. */
export function toRaw(value: number, { multiplier, exponent }: Conversion): number {
  return Math.min(255, Math.max(0, Math.round(value / (multiplier * 10 ** exponent))));
}

/** The reading that a byte stands for. */
export function fromRaw(raw: number, { multiplier, exponent }: Conversion): number {
  return Number((raw * multiplier * 10 ** exponent).toFixed(Math.max(0, -exponent)));
}
