import type { TimelineEntry } from '../daemon/api-watch.ts';
import type { Style } from './style.ts';

/** What happened with nodes, a line each: when, with which node, what, and for which request. */
export function timelineLine(entry: TimelineEntry, style: Style): string {
  const { at, lab, node, kind, severity, text, request, milliseconds } = entry;
  const colour = { ok: (words: string) => words, warning: style.yellow, critical: style.red }[severity];
  const took = milliseconds === undefined ? '' : style.dim(` ${duration(milliseconds)}`);
  const who = request === undefined ? '' : style.dim(` [${request}]`);
  return `${style.dim(timeOf(at))}  ${lab}/${node}  ${style.bold(kind)}  ${colour(text)}${took}${who}`;
}

/** A moment of this day or another one, by the clock on the wall of who reads it. */
export function timeOf(at: number): string {
  const date = new Date(at);
  const two = (value: number, digits = 2) => String(value).padStart(digits, '0');
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${time}.${two(date.getMilliseconds(), 3)}`;
}

/** How long something took, for people: `12 ms`, `3.4 s`, `5 min 2 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1_000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
