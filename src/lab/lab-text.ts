import { Document, isMap, isScalar } from 'yaml';

type Step = string | number;

/** What is said beside a value of a lab file: a path to it, and the text. */
export type LabComment = readonly [path: readonly Step[], text: string];

/** The text of a lab file that an importer has made, with comments that say where its values come from. */
export function labText(
  content: Readonly<Record<string, unknown>>,
  comments: readonly LabComment[],
  heading: string,
): string {
  const document = new Document(content);
  document.commentBefore = heading.replace(/^(?=.)/gm, ' ');
  for (const [path, text] of comments) {
    const node = document.getIn(path, true);
    const parent = document.getIn(path.slice(0, -1), true);
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1))
      : undefined;
    if (isScalar(node)) node.comment = ` ${text}`;
    else if (pair && isScalar(pair.key)) pair.key.commentBefore = ` ${text}`;
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/** A name as a lab file takes it: lower-case letters, digits and hyphens. */
export function labelOf(name: string): string {
  const label = name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return label.slice(0, 32).replace(/^-+|-+$/g, '') || 'unnamed';
}

/** Labels of several names, no two the same. */
export function labelsOf(names: readonly string[]): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  const taken = new Set<string>();
  for (const name of new Set(names)) {
    const label = labelOf(name);
    let unique = label;
    for (let count = 2; taken.has(unique); count++) unique = `${label.slice(0, 28)}-${count}`;
    taken.add(unique);
    labels.set(name, unique);
  }
  return labels;
}
