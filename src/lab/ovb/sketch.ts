import { Document, isMap, isScalar } from 'yaml';

type Step = string | number;

/** A lab file in the making: its content, and the comments that say where it comes from. */
export class LabSketch {
  readonly content: {
    lab: string;
    driver: 'openstack';
    networks: Record<string, Record<string, unknown>>;
    routers: Record<string, unknown>[];
    hosts: Record<string, unknown>[];
    nodes: Record<string, unknown>[];
  };
  readonly #comments: (readonly [path: readonly Step[], text: string])[] = [];
  /** Labels of networks, by the names that OVB has for them. */
  readonly #networks = new Map<string, string>();

  constructor(lab: string) {
    this.content = { lab, driver: 'openstack', networks: {}, routers: [], hosts: [], nodes: [] };
  }

  /** Says where what stands at a path comes from. */
  comment(path: readonly Step[], text: string): void {
    this.#comments.push([path, text]);
  }

  /** Adds a network. @returns its name in the lab */
  addNetwork(name: string, settings: Record<string, unknown>): string {
    const label = labelOf(name);
    this.#networks.set(name, label);
    this.content.networks[label] = settings;
    return label;
  }

  /** The name in the lab of what OVB calls `name`; a network that the environments do not make exists in the cloud. */
  network(name: string, usualCidr: string): string {
    const known = this.#networks.get(name);
    if (known !== undefined) return known;
    const label = this.addNetwork(name, { existing: name, cidr: usualCidr });
    this.comment(['networks', label, 'cidr'], 'Check: the addresses that it has in your cloud');
    return label;
  }

  /** The file's text. */
  toYaml(heading: string): string {
    const parts = Object.entries(this.content);
    const document = new Document(
      Object.fromEntries(parts.filter(([, part]) => !Array.isArray(part) || part.length > 0)),
    );
    document.commentBefore = heading.replace(/^(?=.)/gm, ' ');
    for (const [path, text] of this.#comments) {
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
}

/** A name as a lab file takes it: lower-case letters, digits and hyphens. */
export function labelOf(name: string): string {
  const label = name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return label.slice(0, 32).replace(/^-+|-+$/g, '') || 'unnamed';
}
