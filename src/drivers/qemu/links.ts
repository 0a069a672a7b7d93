import { writeFile } from 'node:fs/promises';
import { ipJson } from '../../host/interfaces.ts';
import { run } from '../../host/programs.ts';
import { QuintupleoError, systemCodeOf } from '../../support/errors.ts';

/** A network interface of this host. */
export interface Link {
  readonly name: string;
  readonly mac: string;
  /** Free text that administrators see. */
  readonly alias: string | undefined;
  /** `bridge`, `tun` …; `undefined` for hardware. */
  readonly kind: string | undefined;
}

/** What a bridge shall be. */
export interface BridgeSpec {
  readonly name: string;
  readonly mac: string;
  readonly alias: string;
  /** With prefix length: `192.0.2.1/24`. It has no others. */
  readonly addresses: readonly string[];
}

// Only what is read of `ip -json -details link show` and `ip -json address show`.
interface LinkJson {
  readonly ifname: string;
  readonly address?: string;
  readonly ifalias?: string;
  readonly linkinfo?: { readonly info_kind?: string };
}

interface AddressJson {
  readonly ifname: string;
  readonly addr_info: readonly {
    readonly local: string;
    readonly prefixlen: number;
    readonly scope: string;
  }[];
}

/** The interface of that name, if there is one. */
export async function findLink(name: string): Promise<Link | undefined> {
  const links = (await ipJson('-details', 'link', 'show')) as readonly LinkJson[];
  const link = links.find(({ ifname }) => ifname === name);
  return link && { name, mac: link.address ?? '', alias: link.ifalias, kind: link.linkinfo?.info_kind };
}

/** Whether an interface is the bridge that we would make; one that was only half made has no alias yet. */
export function isOurs(link: Link, spec: Pick<BridgeSpec, 'mac' | 'alias'>): boolean {
  return link.kind === 'bridge' && link.mac === spec.mac && (link.alias ?? spec.alias) === spec.alias;
}

/**
 * Makes a bridge, or makes one that is there what it shall be.
 * @returns whether it was made
 * @throws QuintupleoError `INTERFACE_TAKEN` when somebody else's interface has that name
 */
export async function ensureBridge(spec: BridgeSpec): Promise<boolean> {
  const { name } = spec;
  const link = await findLink(name);
  if (link && !isOurs(link, spec)) {
    throw new QuintupleoError(`the network interface ${name} exists and is not this lab's`, {
      family: 'platform',
      code: 'INTERFACE_TAKEN',
      remedy: `See whose it is (ip -details link show ${name}), and delete it if it is of no use.`,
    });
  }
  if (!link)
    await run('ip', ['link', 'add', name, 'address', spec.mac, 'type', 'bridge', 'forward_delay', '0']);
  await run('ip', ['link', 'set', name, 'alias', spec.alias]);
  // The host must not take addresses or routes from a lab's router.
  await setIpv6(name, 'accept_ra', '0');
  await setIpv6(name, 'autoconf', '0');
  for (const { ifname, addr_info } of (await ipJson('address', 'show')) as readonly AddressJson[]) {
    for (const { local, prefixlen, scope } of ifname === name ? addr_info : []) {
      const old = `${local}/${prefixlen}`;
      const isOther = scope === 'global' && !spec.addresses.includes(old);
      if (isOther) await run('ip', ['address', 'delete', old, 'dev', name]);
    }
  }
  for (const address of spec.addresses) {
    // Nobody else can have it: no need to wait until that has been checked.
    const flags = address.includes(':') ? ['nodad'] : [];
    await run('ip', ['address', 'replace', address, 'dev', name, ...flags]);
  }
  await run('ip', ['link', 'set', name, 'up']);
  return link === undefined;
}

/** Plugs a tap into a bridge. */
export async function plugIn(tap: string, bridge: string): Promise<void> {
  // The host itself is not to be reached through a machine's cable.
  await setIpv6(tap, 'disable_ipv6', '1');
  await run('ip', ['link', 'set', tap, 'master', bridge, 'up']);
}

/** Deletes a bridge if it is ours. */
export async function deleteBridge(spec: Pick<BridgeSpec, 'name' | 'mac' | 'alias'>): Promise<void> {
  const link = await findLink(spec.name);
  if (link && isOurs(link, spec)) await run('ip', ['link', 'delete', spec.name]);
}

/** Tries whether this process may make bridges and taps, by making them. @returns why not; `undefined` when it may */
export async function bridgeProblem(): Promise<string | undefined> {
  const bridge = `qxb${process.pid}`;
  const tap = `qxt${process.pid}`;
  try {
    await run('ip', ['link', 'add', bridge, 'type', 'bridge']);
    try {
      await run('ip', ['tuntap', 'add', 'dev', tap, 'mode', 'tap']);
      await run('ip', ['link', 'delete', tap]);
    } finally {
      await run('ip', ['link', 'delete', bridge]);
    }
    return undefined;
  } catch (error) {
    if (error instanceof QuintupleoError) return error.message;
    throw error;
  }
}

async function setIpv6(link: string, setting: string, value: string): Promise<void> {
  try {
    await writeFile(`/proc/sys/net/ipv6/conf/${link}/${setting}`, value);
  } catch (error) {
    // No such file on a host without IPv6, nor for a link that has just gone.
    if (systemCodeOf(error) !== 'ENOENT') throw error;
  }
}
