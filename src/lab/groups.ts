import { limits } from './limits.ts';
import { expandName, hasIndex, labelPattern } from './names.ts';
import type { Path, Report } from './problem.ts';

/** What every group of machines says of their names. */
interface GroupNaming {
  readonly name: string;
  readonly count: number;
  readonly firstIndex: number;
}

/** A group of machines, its place in the file, and their names. */
export interface NamedGroup<Content> {
  readonly content: Content;
  readonly path: Path;
  readonly names: readonly string[];
}

/** Names the machines of a lab, each with a name of its own. */
export class MachineNames {
  readonly #places = new Map<string, Path>();
  readonly #where: (path: Path) => string;
  readonly #report: Report;

  /** @param where - says where a path stands in the file, for messages that name two places */
  constructor(where: (path: Path) => string, report: Report) {
    this.#where = where;
    this.#report = report;
  }

  /**
   * Names the machines of every group, and reports names that cannot be.
   * @param groups - by position in the file; `undefined` for a group that could not be read
   */
  give<Content extends GroupNaming>(
    kind: 'nodes' | 'hosts',
    groups: readonly (Content | undefined)[],
  ): readonly NamedGroup<Content>[] {
    const one = kind.slice(0, -1);
    const named: NamedGroup<Content>[] = [];
    let machines = 0;
    for (const [position, content] of groups.entries()) {
      if (!content) continue;
      const path = [kind, position];
      const namePath = [...path, 'name'];
      if (content.count > 1 && !hasIndex(content.name)) {
        const remedy = `Put the number in: "${content.name}-{index}".`;
        this.#report(namePath, `name "${content.name}" would be that of ${content.count} ${kind}. ${remedy}`);
        continue;
      }
      machines += content.count;
      if (machines > limits[kind]) {
        this.#report(path, `the lab has more than ${limits[kind]} ${kind}. Split it into several labs.`);
        break;
      }
      const names = Array.from({ length: content.count }, (_, index) =>
        expandName(content.name, content.firstIndex + index),
      );
      const bad = names.find(name => name.length > limits.label || !labelPattern.test(name));
      if (bad !== undefined) {
        const rule = `at most ${limits.label} lower-case letters, digits and hyphens, with a letter or digit at both ends`;
        this.#report(
          namePath,
          `name "${content.name}" gives "${bad}", which is not a host name. Use ${rule}.`,
        );
      }
      const double = names.find(name => this.#places.has(name));
      if (double !== undefined) {
        const first = this.#where(this.#places.get(double) ?? []);
        this.#report(
          namePath,
          `${one} name "${double}" is already used at ${first}. Give each ${one} its own name.`,
        );
      }
      for (const name of names) this.#places.set(name, this.#places.get(name) ?? namePath);
      named.push({ content, path, names });
    }
    return named;
  }
}
