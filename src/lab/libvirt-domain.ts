/** What a libvirt domain's XML says of the machine, as far as a lab's node can be like it. */
export interface LibvirtDomain {
  readonly name: string;
  readonly uuid: string | undefined;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly firmware: 'bios' | 'uefi';
  /** How many disks it has; their sizes are elsewhere. */
  readonly disks: number;
  readonly nics: readonly { readonly mac: string; readonly network: string }[];
}

/** Bytes in each of libvirt's units; without one it means KiB. */
const units: Readonly<Record<string, number>> = {
  b: 1,
  bytes: 1,
  KB: 1000,
  k: 1024,
  KiB: 1024,
  MB: 1000 ** 2,
  M: 1024 ** 2,
  MiB: 1024 ** 2,
  GB: 1000 ** 3,
  G: 1024 ** 3,
  GiB: 1024 ** 3,
};

/**
 * Reads what `virsh dumpxml` prints, which is also what `/etc/libvirt/qemu` holds.
 * @returns `undefined` for what is no domain
 * @see https://libvirt.org/formatdomain.html
 */
export function readDomain(text: string): LibvirtDomain | undefined {
  const xml = text.replaceAll(/<!--[\s\S]*?-->/g, '');
  const name = contentOf(xml, 'name');
  if (!/<domain[\s>]/.test(xml) || name === undefined) return undefined;
  const memory = /<memory(?:\s+unit=(['"])(.*?)\1)?\s*>\s*(\d+)\s*</.exec(xml);
  return {
    name: decode(name),
    uuid: contentOf(xml, 'uuid'),
    cpus: Number(contentOf(xml, 'vcpu') ?? 1),
    memory: Number(memory?.[3] ?? 1024 ** 2) * (units[memory?.[2] ?? 'KiB'] ?? 1024),
    firmware: /<os\s[^>]*firmware=['"]efi['"]|<loader\s[^>]*type=['"]pflash['"]/.test(xml) ? 'uefi' : 'bios',
    disks: elements(xml, 'disk').filter(disk => !/^<disk\s[^>]*device=['"](cdrom|floppy)['"]/.test(disk))
      .length,
    nics: elements(xml, 'interface').flatMap(card => {
      const mac = attributeOf(card, 'mac', 'address');
      const network = ['network', 'bridge', 'dev'].flatMap(key => attributeOf(card, 'source', key) ?? [])[0];
      return mac === undefined ? [] : [{ mac: mac.toLowerCase(), network: decode(network ?? 'network') }];
    }),
  };
}

function contentOf(xml: string, element: string): string | undefined {
  return new RegExp(`<${element}(?:\\s[^>]*)?>\\s*([^<]+?)\\s*<`).exec(xml)?.[1];
}

function elements(xml: string, element: string): readonly string[] {
  return xml.match(new RegExp(`<${element}(?:\\s[^>]*)?>[\\s\\S]*?</${element}>`, 'g')) ?? [];
}

function attributeOf(xml: string, element: string, attribute: string): string | undefined {
  return new RegExp(`<${element}\\s(?:[^>]*\\s)?${attribute}=(['"])(.*?)\\1`).exec(xml)?.[2];
}

function decode(text: string): string {
  const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
  return text.replaceAll(/&(\w+);/g, (whole, entity) => entities[entity] ?? whole);
}
