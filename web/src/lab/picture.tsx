import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { LabStatus } from '../../../src/daemon/api.ts';
import type { NodeSummary } from '../../../src/daemon/api-watch.ts';
import { keyOf, nodeOf } from '../fleet/fleet.ts';
import { counted } from '../format.ts';
import { nodePath } from '../routes.ts';
import { type Group, type Lane, layOut } from './layout.ts';

/** A lab's networks, and how its nodes are on them. */
export function NetworkPicture({ lab }: { readonly lab: LabStatus }) {
  const place = useRef<HTMLDivElement>(null);
  const width = useSignal(0);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const sizes = new ResizeObserver(() => {
      width.value = element.clientWidth;
    });
    sizes.observe(element);
    return () => sizes.disconnect();
  }, []);
  const networks = lab.networks ?? [];
  const picture = useMemo(() => {
    const nodes = lab.nodes.map(({ name, spec }) => ({ name, networks: spec.nics.map(nic => nic.network) }));
    return layOut(
      networks.map(network => network.name),
      nodes,
      width.value,
    );
  }, [lab, width.value]);
  const label = `${counted(networks.length, 'network')} with ${counted(lab.nodes.length, 'node')}`;
  return (
    <div ref={place} class="picture">
      {width.value > 0 && (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be in a drawing
        <svg
          role="group"
          aria-label={label}
          width={picture.width}
          height={picture.height}
          onKeyDown={moveAmongTiles}
        >
          {picture.lanes.map((lane, index) => (
            <line
              key={lane.network}
              class={`lane lane-${index % 6}`}
              x1="0"
              x2={picture.width}
              y1={lane.y}
              y2={lane.y}
            />
          ))}
          {picture.groups.map(group => (
            <GroupView key={`${group.title}-${group.x}`} lab={lab.name} group={group} />
          ))}
          {picture.lanes.map((lane, index) => (
            <LaneName key={lane.network} lane={lane} number={index} network={networks[index]} />
          ))}
        </svg>
      )}
    </div>
  );
}

interface LaneNameProps {
  readonly lane: Lane;
  readonly number: number;
  readonly network: { readonly cidr: string; readonly dhcp: boolean } | undefined;
}

function LaneName({ lane: { network: name, y }, number, network }: LaneNameProps) {
  return (
    <text class={`lane lane-${number % 6}`} x="2" y={y - 8}>
      <tspan class="lane-name">{name}</tspan>
      {network && <tspan dx="8">{network.cidr}</tspan>}
      {network?.dhcp && <tspan dx="8">DHCP</tspan>}
    </text>
  );
}

function GroupView({ lab, group }: { readonly lab: string; readonly group: Group }) {
  const { title, nodes, x, y, width, height, drops } = group;
  return (
    <g>
      {drops.map(({ lane, x: at, from, to }) => (
        <g key={`${lane}-${at}`} class={`lane lane-${lane % 6}`}>
          <line x1={at} x2={at} y1={from} y2={to} />
          <circle cx={at} cy={to} r="3.5" />
        </g>
      ))}
      {nodes.length === 0 ? (
        <Box lab={lab} name={title} x={x} y={y} width={width} height={height} />
      ) : (
        <>
          <rect class="box" x={x + 0.5} y={y} width={width - 1} height={height} rx="8" />
          <text class="box-title" x={x + 12} y={y + 22}>
            {title}
          </text>
          {nodes.map((tile, index) => (
            <TileView key={tile.name} lab={lab} {...tile} first={index === 0} />
          ))}
        </>
      )}
    </g>
  );
}

interface BoxProps {
  readonly lab: string;
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function Box({ lab, name, x, y, width, height }: BoxProps) {
  const node = nodeOf(keyOf({ lab, name }));
  const room = Math.floor((width - 30) / 7.6);
  return (
    <a class={`tile ${lookOf(node)}`} href={nodePath({ lab, name })} data-tile={name}>
      <title>{describe(name, node)}</title>
      <rect class="box" x={x + 0.5} y={y} width={width - 1} height={height} rx="8" />
      <circle class="disc" cx={x + 15} cy={y + 21} r="5" />
      <text class="box-title" x={x + 26} y={y + 25.5}>
        {name.length > room ? `${name.slice(0, room - 1)}…` : name}
      </text>
      <text class="box-state" x={x + 26} y={y + 43}>
        {node?.operation ? node.operation.action : (node?.stage ?? '')}
      </text>
    </a>
  );
}

interface TileProps {
  readonly lab: string;
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly first: boolean;
}

function TileView({ lab, name, x, y, size, first }: TileProps) {
  const node = nodeOf(keyOf({ lab, name }));
  return (
    <a
      class={`tile ${lookOf(node)}`}
      href={nodePath({ lab, name })}
      aria-label={describe(name, node)}
      tabIndex={first ? 0 : -1}
      data-tile={name}
    >
      <title>{describe(name, node)}</title>
      <rect class="box" x={x} y={y} width={size} height={size} rx="4" />
      <circle class="disc" cx={x + size / 2} cy={y + size / 2} r="5" />
    </a>
  );
}

function lookOf(node: NodeSummary | undefined): string {
  if (!node) return 'power-unknown';
  const marks = [`power-${node.power}`];
  if (node.operation) marks.push('changing');
  if (node.failure !== undefined || node.bmc.problem !== undefined) marks.push('failed');
  if (node.faults.length > 0) marks.push('faulty');
  return marks.join(' ');
}

function describe(name: string, node: NodeSummary | undefined): string {
  if (!node) return name;
  const { power, stage, operation, failure, faults } = node;
  const parts = [
    power,
    stage !== 'off' && stage !== 'on' ? stage : undefined,
    operation?.action,
    failure,
    ...faults,
  ];
  return `${name}: ${parts.filter(Boolean).join(', ')}`;
}

const jumps: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** Arrow keys go from node to node. */
function moveAmongTiles(event: KeyboardEvent): void {
  const jump = jumps[event.key];
  const { target, currentTarget } = event;
  if (jump === undefined || !(target instanceof Element) || !(currentTarget instanceof Element)) return;
  const tiles = [...currentTarget.querySelectorAll<SVGAElement>('[data-tile]')];
  const own = target.closest<SVGAElement>('[data-tile]');
  const next = own ? tiles[tiles.indexOf(own) + jump] : undefined;
  if (!next) return;
  event.preventDefault();
  next.focus();
}
