/** Quantities and times for people. */

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** How long something has lasted, in milliseconds: `4 s`, `2 min 5 s`, `3 h 20 min`, `2 d 4 h`. */
export function duration(milliseconds: number): string {
  const time = Math.max(0, milliseconds);
  if (time < minute) return `${Math.floor(time / second)} s`;
  if (time < hour) return pair(time, minute, 'min', second, 's');
  return time < day ? pair(time, hour, 'h', minute, 'min') : pair(time, day, 'd', hour, 'h');
}

/** How long a call took, exactly: `12 ms`, `1.25 s`. */
export function span(milliseconds: number): string {
  if (milliseconds < second) return `${Math.round(milliseconds)} ms`;
  return milliseconds < minute ? `${(milliseconds / second).toFixed(2)} s` : duration(milliseconds);
}

/** A time of day, in the reader's zone: `14:03:09`. */
export function timeOfDay(at: number): string {
  return new Date(at).toLocaleTimeString('en-GB');
}

/** A time: `2026-11-03 14:03:09`, in the reader's zone. */
export function timestamp(at: number): string {
  const date = new Date(at);
  const days = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  return `${days.map(part => String(part).padStart(2, '0')).join('-')} ${timeOfDay(at)}`;
}

/** `512 MiB`, `4 GiB`. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, count)) / 10));
  const value = count / 1024 ** power;
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[power]}`;
}

/** How people order names: `node-2` before `node-10`. */
export const compareNames = new Intl.Collator('en', { numeric: true }).compare;

/** `1 node`, `3 nodes`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

function pair(time: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((time % large) / small);
  const whole = `${Math.floor(time / large)} ${largeName}`;
  return rest === 0 ? whole : `${whole} ${rest} ${smallName}`;
}
