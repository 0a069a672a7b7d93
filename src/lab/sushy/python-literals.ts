/** A value that a configuration file written in Python assigns; a tuple is a list here. */
export type PythonValue =
  | null
  | boolean
  | number
  | string
  | readonly PythonValue[]
  | { readonly [key: string]: PythonValue };

/** What a file assigns, and the lines on which it does something else. */
export interface PythonAssignments {
  readonly values: Readonly<Record<string, PythonValue>>;
  readonly unreadable: readonly { readonly line: number; readonly name: string | undefined }[];
}

/** Reads the assignments of literals at the top level of a Python file, which is not run. */
export function readAssignments(text: string): PythonAssignments {
  const values: Record<string, PythonValue> = {};
  const unreadable: { line: number; name: string | undefined }[] = [];
  const reader = new LiteralReader(text);
  while (reader.toStatement()) {
    const { line } = reader;
    const name = reader.target();
    const value = name === undefined ? undefined : reader.value();
    if (name !== undefined && value !== undefined && reader.isAtEndOfStatement()) values[name] = value;
    else {
      unreadable.push({ line, name });
      reader.skipStatement();
    }
  }
  return { values, unreadable };
}

/** `undefined`, from any of its methods that read, is for what is not there. */
class LiteralReader {
  readonly #text: string;
  #at = 0;
  /** Within brackets a line's end means nothing. */
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Of where it is, from 1. */
  get line(): number {
    return this.#text.slice(0, this.#at).split('\n').length;
  }

  /** Goes to the next statement. @returns whether there is one */
  toStatement(): boolean {
    this.#depth = 0;
    this.#match(/(?:\s+|#.*|\\\n)*/y);
    return this.#at < this.#text.length;
  }

  /** The name to which the statement assigns. */
  target(): string | undefined {
    return this.#match(/([A-Za-z_]\w*)[ \t]*=(?!=)/y)?.[1];
  }

  value(): PythonValue | undefined {
    this.#space();
    const word = this.#match(/(None|True|False)\b/y)?.[1];
    if (word !== undefined) return word === 'None' ? null : word === 'True';
    const number = this.#match(
      /[+-]?(?:0[xX][\da-fA-F]+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?)(?![\w.])/y,
    )?.[0];
    if (number !== undefined) return Number(number.replaceAll('_', ''));
    if (this.#match(/\[/y)) return this.#items(']')?.values;
    if (this.#match(/\(/y)) {
      const items = this.#items(')');
      // Brackets around one value, without a comma, are no tuple.
      return items?.values.length === 1 && !items.comma ? items.values[0] : items?.values;
    }
    if (this.#match(/\{/y)) return this.#entries();
    return this.#texts();
  }

  /** Whether the statement ends here, but for a comment. */
  isAtEndOfStatement(): boolean {
    return this.#match(/[ \t]*(?:#.*)?(?:\n|;|$)/y) !== undefined;
  }

  /** Goes to the next line that is not indented, nor closes brackets. */
  skipStatement(): void {
    this.#match(/.*(?:\n(?:[ \t)\]}].*)?(?=\n|[ \t)\]}]))*\n?/y);
  }

  #items(end: string): { readonly values: readonly PythonValue[]; readonly comma: boolean } | undefined {
    const values: PythonValue[] = [];
    let comma = false;
    return this.#within(end, () => {
      const value = this.value();
      if (value === undefined) return false;
      values.push(value);
      comma = this.#comma();
      return comma || 'last';
    })
      ? { values, comma }
      : undefined;
  }

  #entries(): Readonly<Record<string, PythonValue>> | undefined {
    const entries: Record<string, PythonValue> = {};
    const isWhole = this.#within('}', () => {
      const key = this.value();
      this.#space();
      const value = key !== undefined && this.#match(/:/y) ? this.value() : undefined;
      if (key === undefined || value === undefined) return false;
      entries[typeof key === 'string' ? key : JSON.stringify(key)] = value;
      return this.#comma() || 'last';
    });
    return isWhole ? entries : undefined;
  }

  /** Reads parts until a bracket closes. @returns whether it does */
  #within(end: string, part: () => boolean | 'last'): boolean {
    this.#depth++;
    for (let more: boolean | 'last' = true; ; ) {
      this.#space();
      if (this.#text[this.#at] === end) {
        this.#at++;
        this.#depth--;
        return true;
      }
      if (more !== true) return false;
      more = part();
      if (more === false) return false;
    }
  }

  #comma(): boolean {
    this.#space();
    return this.#match(/,/y) !== undefined;
  }

  /** One string literal after another, which Python joins. */
  #texts(): string | undefined {
    let joined: string | undefined;
    for (;;) {
      const match = this.#match(/([uUrRbB]{0,2})('''|"""|'|")((?:\\[\s\S]|(?!\2)[\s\S])*?)\2/y);
      if (!match) return joined;
      const [, prefix = '', quote = '', body = ''] = match;
      if (quote.length === 1 && /(?<!\\)\n/.test(body)) return undefined;
      joined = (joined ?? '') + (/r/i.test(prefix) ? body : unescaped(body));
      this.#space();
    }
  }

  #space(): void {
    this.#match(this.#depth > 0 ? /(?:\s+|#.*)*/y : /(?:[ \t]+|\\\n)*/y);
  }

  /** @param pattern - sticky */
  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match) this.#at = pattern.lastIndex;
    return match ?? undefined;
  }
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\n': '' };

function unescaped(text: string): string {
  const pattern = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U00([\da-fA-F]{6})|([\s\S]))/g;
  return text.replaceAll(pattern, (whole, byte, unit, point, other) => {
    const code = byte ?? unit ?? point;
    if (code !== undefined) return String.fromCodePoint(Math.min(Number.parseInt(code, 16), 0x10ffff));
    return escapes[other] ?? (/[\\'"]/.test(other) ? other : whole);
  });
}
