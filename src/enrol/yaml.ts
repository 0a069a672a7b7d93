import { Document, isScalar, type Scalar, visit } from 'yaml';

/** Text that every version of YAML takes for the text that it is. */
const plain = /^[A-Za-z_/][A-Za-z0-9_./-]*$/;
/** Line breaks to YAML 1.1, though not to JSON. */
const hiddenBreaks = /[\u0085\u2028\u2029\ufeff]/g;

/**
 * YAML for tools whose parsers know only YAML 1.1 (PyYAML, Go's), to which `52:54:00:12:34:56` is a number and
 * `on` a boolean.
 * @param values - a document each
 */
export function toYaml(...values: readonly unknown[]): string {
  return values.map(documentOf).join('---\n');
}

/** Lines that begin with `#`. */
export function comment(...lines: readonly string[]): string {
  return lines.map(line => `# ${line}\n`).join('');
}

function documentOf(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false, compat: 'yaml-1.1' });
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value === 'string') node.type = styleOf(node.value);
    },
    Pair: (_, pair) => {
      if (isScalar(pair.key)) pair.key.type = 'PLAIN';
    },
  });
  return document
    .toString({ lineWidth: 0 })
    .replace(hiddenBreaks, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function styleOf(text: string): Scalar.Type {
  if (/^[\x20-\x7e\n]+\n$/.test(text)) return 'BLOCK_LITERAL';
  return plain.test(text) ? 'PLAIN' : 'QUOTE_DOUBLE';
}
