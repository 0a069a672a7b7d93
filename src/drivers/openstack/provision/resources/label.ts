import type { ResourceKind } from '../../../../node/driver.ts';

/**
 * What a thing in the cloud is for, and who made it. It is written on everything that a lab makes, so that another run,
 * on another machine, knows what belongs to the lab, and nobody ever has to guess by name.
 */
export interface Label {
  readonly lab: string;
  /** ID of the state directory of whoever made it. */
  readonly owner: string;
  readonly kind: ResourceKind;
  /** Of the network, node, host or router that it belongs to: unique among its kind in the lab. */
  readonly name: string;
  /** Which part of that: `port-0`, `disk-1`; empty for the network, router … itself. */
  readonly part: string;
}

/** The tag of everything that this project makes. */
export const projectTag = 'quintupleo';

/** Nova and Cinder metadata. */
export const metadataKeys = {
  lab: 'quintupleo:lab',
  /** Name of the node that a server is. */
  node: 'quintupleo:node',
  /** Name of the host that a server is. */
  host: 'quintupleo:host',
  /** Name of the service instance that a server is. */
  service: 'quintupleo:service',
  owner: 'quintupleo:owner',
  /** Seconds since the Unix epoch from which on anybody may take the lab away. */
  expires: 'quintupleo:expires',
  /** What a server was made of, aspect by aspect. Only servers that a lab made have it: what has none is never deleted. */
  spec: 'quintupleo:spec',
  /** As long as a server is being made; until then it is no machine of the lab. */
  making: 'quintupleo:making',
  /** Of a volume: which part of its server it is. */
  part: 'quintupleo:part',
} as const;

/** Neutron's tags. `expires`: milliseconds since the Unix epoch. */
export function tagsOf(label: Label, expires: number | undefined): string[] {
  const { lab, owner, kind, name, part } = label;
  const fields = { lab, owner, kind, name, ...(part === '' ? {} : { part }), ...expiry(expires) };
  return [projectTag, ...Object.entries(fields).map(([key, value]) => `${projectTag}:${key}=${value}`)];
}

/** The tag by which the things of a lab are listed. */
export function labTag(lab: string): string {
  return `${projectTag}:lab=${lab}`;
}

/**
 * Neutron's description: takes the label along in the very request that makes a thing, which tags cannot do. So a run
 * that is killed before it has set the tags leaves nothing that nobody knows.
 */
export function descriptionOf(label: Label, expires: number | undefined): string {
  const { lab, owner, kind, name, part } = label;
  const fields = { lab, owner, kind, name, ...(part === '' ? {} : { part }), ...expiry(expires) };
  return [projectTag, ...Object.entries(fields).map(([key, value]) => `${key}=${value}`)].join(' ');
}

/** The metadata of a server or volume, apart from what a person sets. */
export function metadataOf(label: Label, expires: number | undefined): Record<string, string> {
  const { lab, owner, kind, name, part } = label;
  return {
    [metadataKeys.lab]: lab,
    [metadataKeys.owner]: owner,
    [nameKeyOf(kind)]: name,
    ...(part === '' ? {} : { [metadataKeys.part]: part }),
    ...(expires === undefined ? {} : { [metadataKeys.expires]: epochSeconds(expires) }),
  };
}

/** Something of Neutron's that may carry a label. */
export interface Labelled {
  readonly tags?: readonly string[] | undefined;
  readonly description?: string | null | undefined;
}

/** The label on something of Neutron's; `undefined` for what is not ours. */
export function labelOf(marks: Labelled): Label | undefined {
  const fields = fieldsOf(marks);
  const kind = fields.get('kind');
  const [lab, owner = '', name, part = ''] = ['lab', 'owner', 'name', 'part'].map(key => fields.get(key));
  return lab !== undefined && name !== undefined && isKind(kind)
    ? { lab, owner, kind, name, part }
    : undefined;
}

/** The label in a server's or volume's metadata; `undefined` for what is not ours. */
export function labelInMetadata(metadata: Readonly<Record<string, string>>): Label | undefined {
  const lab = metadata[metadataKeys.lab];
  const kind = serverKinds.find(one => metadata[nameKeyOf(one)] !== undefined);
  const name = kind && metadata[nameKeyOf(kind)];
  if (lab === undefined || kind === undefined || name === undefined) return undefined;
  const owner = metadata[metadataKeys.owner] ?? '';
  return { lab, owner, kind, name, part: metadata[metadataKeys.part] ?? '' };
}

const serverKinds = ['service', 'host', 'machine'] as const;

/** The key that has the name of what a server or volume belongs to. */
function nameKeyOf(kind: ResourceKind): string {
  return kind === 'host' || kind === 'service' ? metadataKeys[kind] : metadataKeys.node;
}

/** Milliseconds since the Unix epoch; `undefined` for a lab that stays. */
export function expiryOf(marks: Labelled): number | undefined {
  return parseExpiry(fieldsOf(marks).get('expires'));
}

/** Milliseconds since the Unix epoch; `undefined` for a lab that stays. */
export function expiryInMetadata(metadata: Readonly<Record<string, string>>): number | undefined {
  return parseExpiry(metadata[metadataKeys.expires]);
}

/** Seconds since the Unix epoch, as they are recorded. */
export function epochSeconds(ms: number): string {
  return String(Math.floor(ms / 1000));
}

/**
 * The label as a name, for what has nothing else that could be written on: key pairs and server groups. Labels of labs
 * and of their parts have no underscores, so that it can be read back.
 */
export function nameOfLabel({ lab, owner, name }: Omit<Label, 'kind' | 'part'>): string {
  return [projectTag, owner, lab, name].join('_');
}

/** The label that a name stands for; `undefined` for what is not ours. */
export function labelOfName(kind: ResourceKind, text: string): Label | undefined {
  const [project, owner, lab, name, ...rest] = text.split('_');
  if (project !== projectTag || !owner || !lab || !name || rest.length > 0) return undefined;
  return { kind, owner, lab, name, part: '' };
}

function expiry(expires: number | undefined): { expires?: string } {
  return expires === undefined ? {} : { expires: epochSeconds(expires) };
}

function parseExpiry(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) * 1000 : undefined;
}

const kinds: readonly string[] = [
  'network',
  'machine',
  'router',
  'server-group',
  'keypair',
  'host',
  'service',
] satisfies ResourceKind[];

function isKind(text: string | undefined): text is ResourceKind {
  return text !== undefined && kinds.includes(text);
}

/** Tags say more recent things than the description, which stays as it was made. */
function fieldsOf({ tags = [], description }: Labelled): ReadonlyMap<string, string> {
  const words = (description ?? '').split(' ');
  const fields = tags.includes(projectTag)
    ? tags.map(tag => tag.slice(projectTag.length + 1))
    : words[0] === projectTag
      ? words.slice(1)
      : [];
  return new Map(
    fields.map(field => [field.slice(0, field.indexOf('=')), field.slice(field.indexOf('=') + 1)]),
  );
}
