import { type LabComment, labelOf, labText } from '../lab-text.ts';

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
  readonly #comments: LabComment[] = [];
  /** Labels of networks, by the names that OVB has for them. */
  readonly #networks = new Map<string, string>();

  constructor(lab: string) {
    this.content = { lab, driver: 'openstack', networks: {}, routers: [], hosts: [], nodes: [] };
  }

  /** Says where what stands at a path comes from. */
  comment(path: LabComment[0], text: string): void {
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
    const filled = parts.filter(([, part]) => !Array.isArray(part) || part.length > 0);
    return labText(Object.fromEntries(filled), this.#comments, heading);
  }
}
