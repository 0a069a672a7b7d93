import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Background } from './process.ts';

/** Where a provisioning tool's DHCP server works. */
export interface DhcpPlace {
  /** Holds `tftp/`, leases and the log. */
  readonly folder: string;
  /** This machine's interface on the network. */
  readonly link: string;
  /** Of this machine, on a /24 network. */
  readonly address: string;
  readonly httpPort: number;
}

/** DHCP and TFTP beside an Ironic, as its documentation has them for deployments without Neutron: dnsmasq. */
export async function serveDhcp(place: DhcpPlace): Promise<Background> {
  const { folder, link, address, httpPort } = place;
  const tftp = join(folder, 'tftp');
  const prefix = address.slice(0, address.lastIndexOf('.'));
  await mkdir(tftp, { recursive: true });
  // For machines whose network cards have no iPXE; those of QEMU have.
  for (const file of ['undionly.kpxe', 'ipxe.efi']) {
    await copyFile(`/usr/lib/ipxe/${file}`, join(tftp, file)).catch(() => undefined);
  }
  return Background.start(
    'dnsmasq',
    [
      ...['--keep-in-foreground', '--conf-file=/dev/null', '--user=root', '--port=0', '--pid-file='],
      ...[
        `--interface=${link}`,
        '--bind-interfaces',
        '--dhcp-authoritative',
        '--log-dhcp',
        '--log-facility=-',
      ],
      ...[`--dhcp-leasefile=${join(folder, 'leases')}`, `--dhcp-range=${prefix}.100,${prefix}.200,1h`],
      ...['--dhcp-userclass=set:ipxe,iPXE', '--dhcp-match=set:efi,option:client-arch,7'],
      `--dhcp-boot=tag:ipxe,http://${address}:${httpPort}/boot.ipxe`,
      ...['--dhcp-boot=tag:!ipxe,tag:efi,ipxe.efi', '--dhcp-boot=tag:!ipxe,tag:!efi,undionly.kpxe'],
      ...['--enable-tftp', `--tftp-root=${tftp}`],
    ],
    join(folder, 'dnsmasq.log'),
  );
}

/** What the DHCP server has logged. */
export function dhcpLog(folder: string): Promise<string> {
  return readFile(join(folder, 'dnsmasq.log'), 'utf8');
}
