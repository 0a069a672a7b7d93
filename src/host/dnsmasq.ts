import { existsSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../support/clock.ts';
import type { NetworkAddresses } from './addresses.ts';
import { findProcesses, killProcess } from './processes.ts';
import { run } from './programs.ts';
import type { Reservations } from './reservations.ts';

/** Where a dnsmasq answers, and where it keeps its things. */
export interface DhcpPaths {
  /** Name of the network interface, such as a bridge. */
  readonly interface: string;
  readonly leases: string;
  /** Also the argument by which it is told from all others. */
  readonly pidfile: string;
  readonly log: string;
}

/** What a dnsmasq serves. */
export interface DhcpService {
  readonly addresses: NetworkAddresses;
  readonly reservations: Reservations;
  /** TCP port of the boot service at the host's address. */
  readonly bootPort: number;
  /** Folder of iPXE binaries for firmware that is not iPXE; `undefined` serves none. */
  readonly tftp: string | undefined;
  /** The router that machines are told of; `undefined`: the host itself. */
  readonly gateway?: string | undefined;
}

/** What a dnsmasq does that passes DHCP on to a server on another network. */
export interface DhcpRelay {
  /** Its own address on the network, at which the server finds it. */
  readonly from: string;
  /** The server's address. */
  readonly to: string;
}

/** Where Debian's package ipxe keeps the binaries that other firmware can load; the names are theirs. */
const ipxeFolder = '/usr/lib/ipxe';
const ipxeBinaries = { bios: 'undionly.kpxe', efi: 'ipxe.efi' } as const;

/** The folder of iPXE binaries, if they are installed. */
export function findIpxeBinaries(): string | undefined {
  return Object.values(ipxeBinaries).every(name => existsSync(join(ipxeFolder, name)))
    ? ipxeFolder
    : undefined;
}

/**
 * The arguments of the dnsmasq of one network: DHCP and network boot, or a relay; no DNS.
 * @see dnsmasq(8); RFC 4578 §2.1 (client architectures); iPXE's DHCP option 175
 */
export function dnsmasqArguments(paths: DhcpPaths, service: DhcpService | DhcpRelay): string[] {
  return [
    '--conf-file=/dev/null',
    `--pid-file=${paths.pidfile}`,
    `--log-facility=${paths.log}`,
    '--port=0',
    '--bind-interfaces',
    `--interface=${paths.interface}`,
    '--except-interface=lo',
    // Router advertisements without a route: iPXE waits for one for 15 seconds before it goes on.
    '--enable-ra',
    `--dhcp-range=::,constructor:${paths.interface},ra-only`,
    `--ra-param=${paths.interface},0,0`,
    ...('to' in service ? [`--dhcp-relay=${service.from},${service.to}`] : serverArguments(paths, service)),
  ];
}

function serverArguments(paths: DhcpPaths, service: DhcpService): string[] {
  const { addresses, reservations, bootPort, tftp, gateway } = service;
  return [
    `--dhcp-range=${addresses.firstLease},${addresses.lastLease},${addresses.netmask},1h`,
    ...Object.entries(reservations).map(([mac, address]) => `--dhcp-host=${mac},${address}`),
    `--dhcp-leasefile=${paths.leases}`,
    '--dhcp-authoritative',
    '--dhcp-no-override',
    // The lab is alone on its bridge: asking whether an address is taken only costs three seconds.
    '--no-ping',
    ...(gateway === undefined ? [] : [`--dhcp-option=option:router,${gateway}`]),
    '--dhcp-match=set:ipxe,175',
    `--dhcp-boot=tag:ipxe,http://${addresses.host}:${bootPort}/boot.ipxe`,
    ...(tftp === undefined ? [] : tftpArguments(tftp)),
  ];
}

function tftpArguments(folder: string): string[] {
  return [
    '--enable-tftp',
    `--tftp-root=${folder}`,
    '--dhcp-match=set:efi,option:client-arch,7',
    '--dhcp-match=set:efi,option:client-arch,9',
    `--dhcp-boot=tag:!ipxe,tag:efi,${ipxeBinaries.efi}`,
    `--dhcp-boot=tag:!ipxe,tag:!efi,${ipxeBinaries.bios}`,
  ];
}

/** Lets exactly this dnsmasq serve the network: one that runs with other settings is replaced. It outlives us. */
export async function ensureDnsmasq(
  paths: DhcpPaths,
  service: DhcpService | DhcpRelay,
  clock: Clock,
): Promise<void> {
  if (await isServing(paths, service)) return;
  await stopDnsmasq(paths, clock);
  await run('dnsmasq', dnsmasqArguments(paths, service));
}

/** Whether exactly this dnsmasq serves the network. */
export async function isServing(paths: DhcpPaths, service: DhcpService | DhcpRelay): Promise<boolean> {
  const running = await findOurs(paths);
  return running.size === 1 && running.has(dnsmasqArguments(paths, service).join(' '));
}

/** How much of the end of a log is looked at. Bytes. */
const logTail = 256 * 1024;

/** What a network's dnsmasq last noted of a network card: `DHCPACK(br0) 192.0.2.7 52:54:00:00:00:01`. */
export async function lastHeardOf(mac: string, { log }: Pick<DhcpPaths, 'log'>): Promise<string | undefined> {
  const file = await open(log).catch(() => undefined);
  if (!file) return undefined;
  await using opened = file;
  const { size } = await opened.stat();
  const start = Math.max(0, size - logTail);
  const tail = Buffer.alloc(size - start);
  await opened.read(tail, 0, tail.length, start);
  const line = tail
    .toString()
    .split('\n')
    .findLast(one => one.includes('DHCP') && one.toLowerCase().includes(mac));
  // Without date and process: `Nov 23 13:01:02 dnsmasq-dhcp[77]: `.
  return line?.replace(/^.*?\]: (\d+ )?/, '').trim();
}

/** Ends the network's dnsmasq. */
export async function stopDnsmasq(paths: DhcpPaths, clock: Clock): Promise<void> {
  for (const identity of (await findOurs(paths)).values()) await killProcess(identity, clock);
  await rm(paths.pidfile, { force: true });
}

/** The network's dnsmasq processes, by their arguments. */
function findOurs(paths: DhcpPaths) {
  return findProcesses(argv => {
    const isOurs = argv[0]?.endsWith('dnsmasq') && argv.includes(`--pid-file=${paths.pidfile}`);
    return isOurs ? argv.slice(1).filter(Boolean).join(' ') : undefined;
  });
}
