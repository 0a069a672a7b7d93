/** How often a fault was felt, for people. */
export function feltText(times: number): string {
  return times === 1 ? 'felt once' : `felt ${times} times`;
}
