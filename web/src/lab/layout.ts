import { counted } from '../format.ts';

/** Where everything of a lab's picture is; all lengths in pixels. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly lanes: readonly Lane[];
  readonly groups: readonly Group[];
}

/** A network: a line across the picture. */
export interface Lane {
  readonly network: string;
  readonly y: number;
}

/** Nodes that are on the same networks, in a box; one node alone has its name on it. */
export interface Group {
  readonly title: string;
  readonly nodes: readonly Tile[];
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Its NICs, in their order. */
  readonly drops: readonly Drop[];
}

/** A node of a group of several. */
export interface Tile {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

/** A NIC: a line from the box up to its network, or to nothing if the lab has no such network. */
export interface Drop {
  readonly lane: number;
  readonly x: number;
  readonly from: number;
  readonly to: number;
}

/** A node, as far as its picture goes. */
export interface PicturedNode {
  readonly name: string;
  /** Names of its NICs' networks. */
  readonly networks: readonly string[];
}

const laneTop = 22;
const laneGap = 40;
const boxGap = 12;
const boxHeight = 56;
const narrowestBox = 88;
const narrowestGroup = 76;
const widestBox = 150;
const tileSize = 22;
const tileGap = 4;
const padding = 12;
const titleHeight = 26;

/** Lays a lab out in a given width: node by node while there is room, else by groups of nodes that are wired alike. */
export function layOut(networks: readonly string[], nodes: readonly PicturedNode[], width: number): Picture {
  const lanes = networks.map((network, index) => ({ network, y: laneTop + index * laneGap }));
  const top = laneTop + Math.max(0, lanes.length - 1) * laneGap + 36;
  const fits = nodes.length * (narrowestBox + boxGap) - boxGap <= width;
  const boxes = fits ? nodes.map(node => [node]) : [...wiredAlike(nodes).values()];
  const widths = fits ? boxes.map(() => boxWidth(nodes.length, width)) : groupWidths(boxes, width);
  let x = 0;
  const groups = boxes.map((members, index): Group => {
    const own = widths[index] ?? narrowestBox;
    const place = { x, y: top, width: own };
    x += own + boxGap;
    return { ...groupOf(members, place), drops: dropsOf(members[0]?.networks ?? [], lanes, place) };
  });
  const bottom = Math.max(top, ...groups.map(group => group.y + group.height));
  return { width: Math.max(width, x - boxGap), height: bottom + 2, lanes, groups };
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

function groupOf(members: readonly PicturedNode[], place: Place): Omit<Group, 'drops'> {
  const [only] = members;
  if (only && members.length === 1) return { title: only.name, nodes: [], ...place, height: boxHeight };
  const columns = Math.max(1, Math.floor((place.width - 2 * padding + tileGap) / (tileSize + tileGap)));
  const nodes = members.map(({ name }, index) => ({
    name,
    x: place.x + padding + (index % columns) * (tileSize + tileGap),
    y: place.y + titleHeight + padding + Math.floor(index / columns) * (tileSize + tileGap),
    size: tileSize,
  }));
  const rows = Math.ceil(members.length / columns);
  const height = titleHeight + 2 * padding + rows * (tileSize + tileGap) - tileGap;
  return { title: counted(members.length, 'node'), nodes, ...place, height };
}

function dropsOf(
  networks: readonly string[],
  lanes: readonly Lane[],
  { x, y, width }: Place,
): readonly Drop[] {
  return networks.flatMap((network, index) => {
    const lane = lanes.findIndex(other => other.network === network);
    const to = lanes[lane]?.y;
    return to === undefined
      ? []
      : [{ lane, x: x + (width * (index + 1)) / (networks.length + 1), from: y, to }];
  });
}

function wiredAlike(nodes: readonly PicturedNode[]): Map<string, PicturedNode[]> {
  const groups = new Map<string, PicturedNode[]>();
  for (const node of nodes) {
    const key = JSON.stringify(node.networks);
    groups.set(key, [...(groups.get(key) ?? []), node]);
  }
  return groups;
}

function boxWidth(count: number, width: number): number {
  return Math.min(widestBox, Math.max(narrowestBox, (width - (count - 1) * boxGap) / count));
}

/**
 * Large groups are wider, but not by as much as they are larger: their tiles go into rows. No group is wider than its
 * tiles need.
 */
function groupWidths(boxes: readonly (readonly PicturedNode[])[], width: number): readonly number[] {
  let free = width - (boxes.length - 1) * boxGap;
  let weights = boxes.reduce((sum, members) => sum + Math.sqrt(members.length), 0);
  const widths = new Map<readonly PicturedNode[], number>();
  // The smallest first: what they need beyond their share is taken from the others.
  for (const members of boxes.toSorted((one, other) => one.length - other.length)) {
    const weight = Math.sqrt(members.length);
    const share = (free * weight) / weights;
    const columns = Math.min(
      members.length,
      Math.floor((share - 2 * padding + tileGap) / (tileSize + tileGap)),
    );
    const own = Math.max(narrowestGroup, 2 * padding + columns * (tileSize + tileGap) - tileGap);
    widths.set(members, own);
    free -= own;
    weights -= weight;
  }
  return boxes.map(members => widths.get(members) ?? narrowestGroup);
}
