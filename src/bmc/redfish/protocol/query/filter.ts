import type { Json, JsonObject } from '../../json.ts';

/** `$filter`: which members of a collection a client wants. @see DSP0266 §7.4.5 */

/** Whether a resource is wanted. */
export type Filter = (body: JsonObject) => boolean;

type Scalar = string | number | boolean | null;

/** Longer expressions, and deeper ones, are nobody's. */
const longest = 2000;
const deepest = 32;

const token =
  /\s*(?:([()])|('(?:[^']|'')*')|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w/])|([@A-Za-z_][\w.@#/]*))/y;

/**
 * Reads a filter expression.
 * @returns `undefined` when it is none
 */
export function parseFilter(text: string): Filter | undefined {
  const tokens = text.length > longest ? undefined : tokensOf(text);
  if (!tokens) return undefined;
  const parser = new Parser(tokens);
  const filter = parser.either(0);
  return parser.isAtEnd ? filter : undefined;
}

function tokensOf(text: string): readonly string[] | undefined {
  const tokens: string[] = [];
  const end = text.trimEnd().length;
  token.lastIndex = 0;
  while (token.lastIndex < end) {
    const found = token.exec(text);
    if (!found) return undefined;
    tokens.push(found[0].trimStart());
  }
  return tokens;
}

/** One method a rule of the grammar, loosest binding first; each returns `undefined` when the rule does not fit. */
class Parser {
  readonly #tokens: readonly string[];
  #next = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  get isAtEnd(): boolean {
    return this.#next === this.#tokens.length;
  }

  either(depth: number): Filter | undefined {
    let left = this.#both(depth);
    while (left && this.#take('or')) {
      const [one, other] = [left, this.#both(depth)];
      left = other && (body => one(body) || other(body));
    }
    return left;
  }

  #both(depth: number): Filter | undefined {
    let left = this.#negation(depth);
    while (left && this.#take('and')) {
      const [one, other] = [left, this.#negation(depth)];
      left = other && (body => one(body) && other(body));
    }
    return left;
  }

  #negation(depth: number): Filter | undefined {
    if (depth > deepest) return undefined;
    if (!this.#take('not')) return this.#group(depth);
    const inner = this.#negation(depth + 1);
    return inner && (body => !inner(body));
  }

  #group(depth: number): Filter | undefined {
    if (!this.#take('(')) return this.#comparison();
    const inner = this.either(depth + 1);
    return inner && this.#take(')') ? inner : undefined;
  }

  #comparison(): Filter | undefined {
    const [left, operator, right] = this.#tokens.slice(this.#next, this.#next + 3);
    const compare = comparisons.get(operator ?? '');
    const one = operand(left);
    const other = operand(right);
    if (!compare || !one || !other) return undefined;
    this.#next += 3;
    return body => one(body).some(value => other(body).some(wanted => compare(value, wanted)));
  }

  #take(wanted: string): boolean {
    const found = this.#tokens[this.#next] === wanted;
    if (found) this.#next++;
    return found;
  }
}

const comparisons: ReadonlyMap<string, (one: Scalar, other: Scalar) => boolean> = new Map([
  ['eq', (one, other) => one === other],
  ['ne', (one, other) => one !== other],
  ['gt', (one, other) => inOrder(other, one)],
  ['ge', (one, other) => one === other || inOrder(other, one)],
  ['lt', (one, other) => inOrder(one, other)],
  ['le', (one, other) => one === other || inOrder(one, other)],
]);

/** Values of different kinds have no order. */
function inOrder(low: Scalar, high: Scalar): boolean {
  if (typeof low === 'number' && typeof high === 'number') return low < high;
  return typeof low === 'string' && typeof high === 'string' && low < high;
}

const words: Readonly<Record<string, Scalar>> = { true: true, false: false, null: null };

/** What a literal or a property stands for; several values where the path goes through an array. */
function operand(text: string | undefined): ((body: JsonObject) => readonly Scalar[]) | undefined {
  if (text === undefined || text === '(' || text === ')' || comparisons.has(text)) return undefined;
  const literal = literalOf(text);
  if (literal !== undefined) return () => [literal];
  const path = text.split('/');
  return body => valuesAt(body, path);
}

function literalOf(text: string): Scalar | undefined {
  if (text.startsWith("'")) return text.slice(1, -1).replaceAll("''", "'");
  if (/^[-\d]/.test(text)) return Number(text);
  return Object.hasOwn(words, text) ? words[text] : undefined;
}

/** A property that is not there is `null`. */
function valuesAt(value: Json | undefined, path: readonly string[]): readonly Scalar[] {
  if (Array.isArray(value)) return value.flatMap(one => valuesAt(one, path));
  const [name, ...below] = path;
  if (value === null || typeof value !== 'object') return name === undefined ? [value ?? null] : [null];
  if (name === undefined) return [null];
  const object = value as JsonObject;
  return valuesAt(Object.hasOwn(object, name) ? object[name] : undefined, below);
}
