import { QuintupleoError } from '../../../support/errors.ts';
import type { Flavor } from '../client/compute-types.ts';

/** What a server needs of its flavor. */
export interface FlavorNeeds {
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  /** GiB of the root disk. */
  readonly root: number;
  /** GiB of local disks beside it. */
  readonly ephemeral: number;
}

const mebibyte = 2 ** 20;

/**
 * The flavor that a server gets: the one that was named, or the smallest one into which it fits.
 * @param what - the server, for messages: `node m-0`
 * @throws QuintupleoError `FLAVOR_NOT_FOUND`, `FLAVOR_AMBIGUOUS`, `FLAVOR_TOO_SMALL`, `NO_FITTING_FLAVOR`
 */
export function chooseFlavor(
  flavors: readonly Flavor[],
  needs: FlavorNeeds,
  named: string | undefined,
  what: string,
): Flavor {
  if (named !== undefined) {
    const flavor = findFlavor(flavors, named, what);
    const short = shortages(flavor, needs);
    if (short.length === 0) return flavor;
    throw new QuintupleoError(`${what} does not fit into the flavor ${named}: ${short.join(', ')}`, {
      family: 'config',
      code: 'FLAVOR_TOO_SMALL',
      remedy: `Ask for less in the lab file, or for another flavor. ${listing(flavors)}`,
    });
  }
  const [smallest] = flavors
    .filter(flavor => !isDisabled(flavor) && !isSpecial(flavor) && shortages(flavor, needs).length === 0)
    .sort((one, other) => spare(one, needs) - spare(other, needs) || bySize(one, other));
  if (smallest) return smallest;
  throw new QuintupleoError(`${what} fits into no flavor of the cloud: it needs ${describeNeeds(needs)}`, {
    family: 'config',
    code: 'NO_FITTING_FLAVOR',
    remedy: `${remedyFor(flavors, needs)} ${listing(flavors)}`,
  });
}

/** The flavor of that ID or name. */
function findFlavor(flavors: readonly Flavor[], named: string, what: string): Flavor {
  const byId = flavors.find(({ id }) => id === named);
  if (byId) return byId;
  const [flavor, another] = flavors.filter(({ name }) => name === named);
  if (flavor && !another) return flavor;
  throw new QuintupleoError(
    another
      ? `${what}: the cloud has several flavors with the name ${named}`
      : `${what}: the cloud has no flavor ${named}`,
    {
      family: 'config',
      code: another ? 'FLAVOR_AMBIGUOUS' : 'FLAVOR_NOT_FOUND',
      remedy: another ? 'Give its ID in the lab file.' : listing(flavors),
    },
  );
}

/** What a flavor lacks, as phrases. */
function shortages(flavor: Flavor, { cpus, memory, root, ephemeral }: FlavorNeeds): string[] {
  const mebibytes = Math.ceil(memory / mebibyte);
  const short = (has: number, needed: number, unit: string) =>
    has >= needed ? [] : [`it has ${has} ${unit}, ${needed} needed`];
  return [
    ...short(flavor.vcpus, cpus, cpus === 1 ? 'cpu' : 'cpus'),
    ...short(flavor.ram, mebibytes, 'MiB memory'),
    ...short(flavor.disk, root, 'GiB root disk'),
    ...short(ephemeralOf(flavor), ephemeral, 'GiB ephemeral disk'),
  ];
}

function isDisabled(flavor: Flavor): boolean {
  return flavor['OS-FLV-DISABLED:disabled'] === true;
}

/** Hardware that nobody asked for: only a flavor that was named may bring it. */
function isSpecial({ extra_specs = {} }: Flavor): boolean {
  return Object.keys(extra_specs).some(
    key =>
      key.startsWith('pci_passthrough:') || key.startsWith('resources:') || key === 'capabilities:cpu_arch',
  );
}

/** Whether a flavor brings an ephemeral disk that nobody asked for: Nova gives it to the server all the same. */
function spare(flavor: Flavor, { ephemeral }: FlavorNeeds): 0 | 1 {
  return ephemeral === 0 && ephemeralOf(flavor) > 0 ? 1 : 0;
}

/** GiB. */
export function ephemeralOf(flavor: Flavor): number {
  return flavor['OS-FLV-EXT-DATA:ephemeral'] ?? 0;
}

function bySize(one: Flavor, other: Flavor): number {
  return (
    one.ram - other.ram ||
    one.vcpus - other.vcpus ||
    storage(one) - storage(other) ||
    (one.name < other.name ? -1 : 1)
  );
}

function storage(flavor: Flavor): number {
  return flavor.disk + ephemeralOf(flavor);
}

function describeNeeds({ cpus, memory, root, ephemeral }: FlavorNeeds): string {
  return [
    `${cpus} ${cpus === 1 ? 'cpu' : 'cpus'}`,
    `${Math.ceil(memory / mebibyte)} MiB memory`,
    `${root} GiB root disk`,
    ...(ephemeral === 0 ? [] : [`${ephemeral} GiB ephemeral disk`]),
  ].join(', ');
}

function remedyFor(flavors: readonly Flavor[], needs: FlavorNeeds): string {
  const withoutDisks = { ...needs, ephemeral: 0 };
  const fitsWithVolumes =
    needs.ephemeral > 0 && flavors.some(flavor => shortages(flavor, withoutDisks).length === 0);
  return fitsWithVolumes
    ? 'Local disks come from a flavor’s ephemeral disk: say source: volume for the disks if the cloud has Cinder, or ask the cloud’s operator for such a flavor.'
    : 'Ask for less in the lab file, or ask the cloud’s operator for such a flavor.';
}

// More than a screen of flavors helps nobody.
const mostListed = 12;

function listing(flavors: readonly Flavor[]): string {
  const usable = flavors.filter(flavor => !isDisabled(flavor)).sort(bySize);
  const lines = usable.slice(0, mostListed).map(flavor => {
    const ephemeral = ephemeralOf(flavor);
    const disks = `${flavor.disk}${ephemeral === 0 ? '' : ` + ${ephemeral}`} GiB`;
    return `${flavor.name} (${flavor.vcpus} cpus, ${flavor.ram} MiB, ${disks})`;
  });
  const more = usable.length > mostListed ? ` and ${usable.length - mostListed} more` : '';
  return `The cloud has ${lines.join(', ') || 'none'}${more}.`;
}
