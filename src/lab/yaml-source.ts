import {
  CST,
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  Parser,
  parseDocument,
} from 'yaml';
import type { Path, Problem } from './problem.ts';

/** A YAML text that has been read. */
export interface YamlSource {
  /** Its content as plain values; `undefined` if there are problems. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Line and column, from 1, of what stands at `path`, or of the nearest thing around it that exists. */
  locate(path: Path, at?: 'key' | 'value'): { line: number; column: number };
}

const longestText = 512 * 1024;
const deepestNesting = 64;
/** How many nodes aliases may add up to. @see https://en.wikipedia.org/wiki/Billion_laughs_attack */
const mostAliases = 100;

/** Reads a YAML text. Never throws: what is wrong is in `problems`. */
export function readYaml(text: string): YamlSource {
  const lines = new LineCounter();
  const nothing = (problem: Problem): YamlSource => ({
    value: undefined,
    problems: [problem],
    locate: () => ({ line: problem.line, column: problem.column }),
  });
  if (text.length > longestText) {
    return nothing({
      line: 1,
      column: 1,
      text: 'the file is larger than 512 KiB. A lab file is text of a few pages.',
    });
  }
  const tooDeep = findTooDeep(text);
  if (tooDeep !== undefined) {
    return nothing({
      ...tooDeep,
      text: `nested more than ${deepestNesting} levels deep. Remove the excess.`,
    });
  }

  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const problems = [...document.errors, ...document.warnings].map(error => ({
    ...place(error.pos[0]),
    text: `not valid YAML: ${sentence(error.message)}`,
  }));
  const locate: YamlSource['locate'] = (path, at = 'value') => place(offsetOf(document, path, at));
  if (problems.length > 0) return { value: undefined, problems, locate };
  try {
    return { value: document.toJS({ maxAliasCount: mostAliases }), problems, locate };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      value: undefined,
      problems: [{ ...locate([]), text: `not usable YAML: ${sentence(message)}` }],
      locate,
    };
  }
}

/** Lexemes that the lexer adds and that stand for no text. */
const marks: readonly string[] = [CST.DOCUMENT, CST.FLOW_END, CST.SCALAR];

/** The library composes nested nodes by recursion, so depth is bounded before it does. */
function findTooDeep(text: string): { line: number; column: number } | undefined {
  const lines = new LineCounter();
  const parser = new Parser(lines.addNewLine);
  let offset = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme));
    if (parser.stack.length > deepestNesting) {
      const { line, col } = lines.linePos(offset);
      return { line: Math.max(line, 1), column: Math.max(col, 1) };
    }
    if (!marks.includes(lexeme)) offset += lexeme.length;
  }
  return undefined;
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

function offsetOf(document: Document.Parsed, path: Path, at: 'key' | 'value'): number {
  let node: Node | null = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [depth, step] of path.entries()) {
    const last = depth === path.length - 1;
    const found = resolve(document, node);
    if (isSeq(found)) {
      node = asNode(found.items[Number(step)]);
    } else if (isMap(found)) {
      const pair = pairOf(document, found.items, String(step), 0);
      if (!pair) break;
      if (last && at === 'key') return startOf(asNode(pair.key)) ?? offset;
      node = asNode(pair.value);
      // A key without a value is found where the key stands.
      offset = startOf(asNode(pair.key)) ?? offset;
    } else break;
    if (!node) break;
    offset = startOf(node) ?? offset;
  }
  return offset;
}

function pairOf(
  document: Document.Parsed,
  pairs: readonly unknown[],
  key: string,
  depth: number,
): Pair<unknown, unknown> | undefined {
  const own = pairs.filter(isPair);
  const direct = own.find(pair => isScalar(pair.key) && String(pair.key.value) === key);
  if (direct || depth > deepestNesting) return direct;
  for (const pair of own) {
    if (!isScalar(pair.key) || pair.key.source !== '<<') continue;
    const merged = resolve(document, asNode(pair.value));
    for (const source of isSeq(merged) ? merged.items : [merged]) {
      const map = resolve(document, asNode(source));
      const found = isMap(map) ? pairOf(document, map.items, key, depth + 1) : undefined;
      if (found) return found;
    }
  }
  return undefined;
}

function resolve(document: Document.Parsed, node: Node | null): Node | null {
  return isAlias(node) ? asNode(node.resolve(document)) : node;
}

function asNode(value: unknown): Node | null {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value) ? value : null;
}

function startOf(node: Node | null): number | undefined {
  return node?.range?.[0];
}
