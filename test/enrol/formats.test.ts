import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type Enrolment, enrolmentJsonSchema, withoutPasswords } from '../../src/enrol/enrolment.ts';
import { formats } from '../../src/enrol/formats.ts';
import { type ExportFormat, type ExportOptions, exportFormats } from '../../src/lab/exports.ts';
import { example, options } from './example.ts';

const virtualMedia = { virtualMedia: true } as const;

/** The documents of a YAML text, as a parser of YAML 1.1 reads them: PyYAML and Go's are such. */
function documents(text: string): readonly unknown[] {
  return parseAllDocuments(text, { version: '1.1' }).map(document => {
    expect(document.errors).toEqual([]);
    return document.toJS();
  });
}

const written = (format: ExportFormat, given: Partial<ExportOptions> = {}, enrolment = example) =>
  formats[format].write(enrolment, options(given));

describe('what is shown in docs/enrolment is what is written; else run vitest with -u', () => {
  const shown: readonly (readonly [string, ExportFormat, Partial<ExportOptions>])[] = [
    ['ironic.yaml', 'ironic', {}],
    ['ironic-redfish.yaml', 'ironic', { ...virtualMedia, verifyCa: '/etc/ironic/rack.pem' }],
    ['instackenv.json', 'instackenv', {}],
    ['metal3.yaml', 'metal3', virtualMedia],
    ['tinkerbell.yaml', 'tinkerbell', { driver: 'redfish' }],
    ['maas.sh', 'maas', {}],
    ['foreman.json', 'foreman', {}],
    ['openshift.yaml', 'openshift', virtualMedia],
    ['openshift-agent.yaml', 'openshift-agent', {}],
    ['ansible.yaml', 'ansible', {}],
    ['quintupleo.auto.tfvars.json', 'terraform', {}],
    ['json.json', 'json', {}],
  ];
  test.each(shown)('%s', async (file, format, given) => {
    await expect(written(format, given)).toMatchFileSnapshot(`../../docs/enrolment/${file}`);
  });

  test('and every format is shown', () => {
    expect(new Set(shown.map(([, format]) => format))).toEqual(
      new Set(exportFormats.filter(format => format !== 'certificate')),
    );
  });
});

describe('what a tool reads is what the lab has', () => {
  const anyText = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
  const anyLab = fc
    .record({
      mac: fc
        .array(fc.integer({ min: 0, max: 255 }), { minLength: 6, maxLength: 6 })
        .map(bytes => bytes.map(byte => byte.toString(16).padStart(2, '0')).join(':')),
      gib: fc.integer({ min: 1, max: 65_536 }),
      firmware: fc.constantFrom('bios', 'uefi'),
      username: anyText,
      password: fc.oneof(
        anyText,
        fc.constantFrom('on', 'no', '~', '1e3', '0o7', '12:30', '=', '<<', '', '\u0085x'),
      ),
    })
    .map(({ mac, gib, firmware, username, password }): Enrolment => {
      const [node] = example.nodes;
      if (!node) throw new Error('the example has nodes');
      return {
        ...example,
        nodes: [
          {
            ...node,
            firmware: firmware as 'bios' | 'uefi',
            memory: gib * 2 ** 30,
            disks: [{ name: 'root', size: gib * 2 ** 30, serial: 'root' }],
            nics: [{ mac, network: 'provisioning', addresses: [], netboot: true }],
            ipmi: { ...node.ipmi, username, password },
          },
        ],
      };
    });
  const check = (test: (lab: Enrolment) => void) => fc.assert(fc.property(anyLab, test), { numRuns: 200 });
  const only = (lab: Enrolment) => {
    const [node] = lab.nodes;
    const [nic] = node?.nics ?? [];
    if (!node || !nic) throw new Error('it has one node with one card');
    return { node, nic, gib: node.memory / 2 ** 30 };
  };

  test('ironic', () => {
    check(lab => {
      const { node, nic, gib } = only(lab);
      expect(documents(written('ironic', {}, lab))).toMatchObject([
        {
          nodes: [
            {
              uuid: node.uuid,
              driver_info: { ipmi_username: node.ipmi.username, ipmi_password: node.ipmi.password },
              properties: {
                memory_mb: gib * 1024,
                local_gb: gib,
                capabilities: `boot_mode:${node.firmware},profile:control`,
              },
              ports: [{ address: nic.mac }],
            },
          ],
        },
      ]);
    });
  });

  test('metal3', () => {
    check(lab => {
      const { node, nic } = only(lab);
      const { username, password } = node.ipmi;
      expect(documents(written('metal3', {}, lab))).toMatchObject([
        { kind: 'Secret', stringData: { username, password } },
        {
          kind: 'BareMetalHost',
          spec: { bootMACAddress: nic.mac, bootMode: node.firmware === 'uefi' ? 'UEFI' : 'legacy' },
        },
      ]);
    });
  });

  test('tinkerbell, openshift, ansible', () => {
    check(lab => {
      const { node, nic, gib } = only(lab);
      const { username, password } = node.ipmi;
      expect(documents(written('tinkerbell', {}, lab))).toMatchObject([
        { stringData: { username, password } },
        { kind: 'Machine' },
        { spec: { interfaces: [{ dhcp: { mac: nic.mac, uefi: node.firmware === 'uefi' } }] } },
      ]);
      expect(documents(written('openshift', {}, lab))).toMatchObject([
        { platform: { baremetal: { hosts: [{ bootMACAddress: nic.mac, bmc: { username, password } }] } } },
      ]);
      expect(documents(written('ansible', {}, lab))).toMatchObject([
        {
          all: {
            children: {
              rack: {
                hosts: {
                  'control-0': { ipmi_password: password, mac: nic.mac, memory_mb: gib * 1024 },
                },
              },
            },
          },
        },
      ]);
    });
  });

  test('json, and its schema', () => {
    const validate = new Ajv({ strict: false }).compile(enrolmentJsonSchema());
    check(lab => {
      const read: unknown = JSON.parse(written('json', {}, lab));
      expect(read).toEqual(lab);
      expect(validate(read), JSON.stringify(validate.errors)).toBe(true);
    });
    expect(JSON.parse(readFileSync('schema/enrolment.schema.json', 'utf8'))).toEqual(enrolmentJsonSchema());
  });

  test('maas: a shell hands on every word as it is', () => {
    const script = `maas() { for word; do printf '%s\\n' "$word"; done; }\n${written('maas')}`;
    const words = execFileSync('sh', ['-s', 'commission=false'], {
      input: script,
      env: { PROFILE: 'admin', PATH: process.env.PATH },
      encoding: 'utf8',
    }).split('\n');
    expect(words).toContain("power_parameters_power_pass=it's on");
    expect(words).toContain('mac_addresses=52:54:00:12:34:56');
    expect(words.filter(word => word === 'commission=false')).toHaveLength(2);
  });
});

describe('how a tool reaches the nodes', () => {
  const [, second] = example.nodes;

  test('by Redfish: address and system apart for Ironic, in one for Metal3', () => {
    const [file] = documents(written('ironic', { driver: 'redfish' }));
    expect(file).toMatchObject({
      nodes: [
        { driver_info: { redfish_address: 'https://192.0.2.10', redfish_verify_ca: false } },
        {
          driver_info: {
            redfish_address: 'https://192.0.2.11:8443',
            redfish_system_id: '/redfish/v1/Systems/compute-0',
          },
        },
      ],
    });
    expect(written('metal3', { driver: 'redfish' })).toContain(
      '"redfish+https://192.0.2.11:8443/redfish/v1/Systems/compute-0"',
    );
  });

  test('certificates are verified unless they signed themselves, or as one says', () => {
    const certificate = example.certificate && { ...example.certificate, selfSigned: false };
    const trusted = { ...example, certificate };
    const redfish = { driver: 'redfish' } as const;
    expect(written('metal3', redfish)).toContain('disableCertificateVerification: true');
    expect(written('metal3', redfish, trusted)).not.toContain('disableCertificateVerification');
    expect(written('metal3', { ...redfish, verifyCa: true })).not.toContain('disableCertificateVerification');
    expect(written('ironic', redfish, trusted)).toContain('redfish_verify_ca: true');
    expect(written('ironic', { ...redfish, verifyCa: '/ca.pem' })).toContain('redfish_verify_ca: /ca.pem');
    expect(written('ironic', redfish, { ...example, certificate: null })).not.toContain('verify_ca');
    expect(written('openshift', { ...redfish, verifyCa: true })).toContain('bmcVerifyCA: |');
  });

  test('every interface of Ironic that one chooses is named', () => {
    const interfaces = { deploy: 'ramdisk', console: 'ipmitool-socat' };
    for (const format of ['ironic', 'instackenv'] as const) {
      const text = written(format, { interfaces });
      expect(text.match(/deploy_interface"?: "?ramdisk/g)).toHaveLength(2);
      expect(text.match(/console_interface"?: "?ipmitool-socat/g)).toHaveLength(2);
    }
  });

  test('a disk without serial number is told by its size, where no other is as large', () => {
    const disk = (name: string, gib: number) => ({ name, size: gib * 2 ** 30, serial: null });
    const withDisks = (...disks: readonly ReturnType<typeof disk>[]) =>
      written('ironic', {}, { ...example, nodes: second ? [{ ...second, disks: [...disks] }] : [] });
    expect(withDisks(disk('a', 20))).not.toContain('root_device');
    expect(withDisks(disk('a', 20), disk('b', 30))).toContain('root_device:\n        size: 20\n');
    expect(withDisks(disk('a', 20), disk('b', 20))).not.toContain('root_device');
  });

  test('a node without Redfish is an error only where Redfish is asked for', () => {
    const without = { ...example, nodes: second ? [{ ...second, redfish: null }] : [] };
    expect(written('ironic', {}, without)).toContain('ipmi_address');
    expect(() => written('metal3', virtualMedia, without)).toThrow('compute-0 has no Redfish service');
  });

  test('a BMC key is told to tools that know of such, and the others are warned of', () => {
    const [node] = example.nodes;
    const strict = { ...example, nodes: node ? [{ ...node, ipmi: { ...node.ipmi, kg: 'c0ffee' } }] : [] };
    const shown = { ironic: 'ipmi_hex_kg_key: c0ffee', maas: 'k_g=0xc0ffee', ansible: 'ipmi_key: c0ffee' };
    for (const [format, text] of Object.entries(shown)) {
      expect(written(format as ExportFormat, {}, strict)).toContain(text);
      expect(written(format as ExportFormat, {}, withoutPasswords(strict))).not.toContain('c0ffee');
    }
    for (const format of ['instackenv', 'metal3', 'tinkerbell', 'foreman', 'openshift'] as const) {
      const warning = expect.stringContaining('knows no BMC key');
      expect(formats[format].warnings?.(strict, options())).toContainEqual(warning);
      expect(formats[format].warnings?.(strict, options({ driver: 'redfish' }))).not.toContainEqual(warning);
    }
  });

  test('tools that know one port only are warned of', () => {
    const warnings = (format: ExportFormat, given: Partial<ExportOptions> = {}) =>
      formats[format].warnings?.(example, options(given)) ?? [];
    expect(warnings('maas')).toEqual([expect.stringContaining('no setting for an IPMI port')]);
    expect(warnings('maas', { driver: 'redfish' })).toEqual([]);
    expect(warnings('foreman')).toEqual([expect.stringContaining('port 623 only')]);
    expect(warnings('foreman', { driver: 'redfish' })).toEqual([expect.stringContaining('port 443 only')]);
    expect(warnings('instackenv', { driver: 'redfish' })).toEqual([expect.stringContaining('certificate')]);
  });
});

test('no format shows a password that is hidden', () => {
  for (const format of exportFormats) {
    for (const driver of ['ipmi', 'redfish'] as const) {
      const text = written(format, { driver }, withoutPasswords(example));
      expect(text).not.toMatch(/first-secret|it's on|it'\\''s on/);
      const open = formats[format].open === true;
      expect(written(format, { driver }).includes('first-secret'), format).toBe(!open);
    }
  }
});
