/**
 * A small seeded generator of numbers from 0 (included) to 1 (not included): for simulations that must be had
 * again, never for secrets.
 * @param seed - any integer
 */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // A Weyl sequence through a 32-bit finaliser: short, and even enough for choosing faults.
    state = (state + 0x9e37_79b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 0x1_0000_0000;
  };
}
