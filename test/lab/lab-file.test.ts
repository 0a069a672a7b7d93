import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cipherSuites as bmcCipherSuites } from '../../src/bmc/ipmi/cipher-suites.ts';
import { readLabFile } from '../../src/lab/lab-file.ts';
import { labFileDocs } from '../../src/lab/lab-file-docs.ts';
import { cipherSuites as labFileCipherSuites } from '../../src/lab/limits.ts';
import { labFileJsonSchema } from '../../src/lab/schema.ts';
import { definitionOf, linesOf, parse, sources } from './fixtures.ts';

const minimal = 'lab: one\nnodes:\n  - name: node\n';

describe('what a lab file leaves out', () => {
  test('is filled in', () => {
    expect(definitionOf(minimal)).toEqual({
      spec: {
        name: 'one',
        networks: [],
        nodes: [
          {
            name: 'node',
            uuid: expect.stringMatching(
              /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
            ),
            cpus: 1,
            memory: 2 ** 30,
            disks: [{ name: 'disk-0', size: 10 * 2 ** 30 }],
            nics: [],
            firmware: 'bios',
          },
        ],
      },
      driver: { name: 'qemu', accel: 'auto', networking: 'auto' },
      bmcs: {
        node: {
          users: [{ name: 'admin', password: undefined, privilege: 'administrator' }],
          ipmi: {
            address: '127.0.0.1',
            port: undefined,
            cipherSuites: [3, 17],
            ipmi15: false,
            kg: undefined,
            sessionTimeout: 60_000,
            maximumSessions: 16,
            channelPrivilege: 'administrator',
          },
          redfish: { address: '127.0.0.1', port: undefined },
        },
      },
      redfish: {
        service: {
          address: '127.0.0.1',
          port: undefined,
          users: [{ name: 'admin', password: undefined, privilege: 'administrator' }],
        },
        tls: true,
        identity: undefined,
        sessionTimeout: 1_800_000,
        destinations: undefined,
        mediaLimit: 16 * 2 ** 30,
      },
      source: '/labs/lab.yaml',
    });
  });

  test('gives a node a card on the first network', () => {
    const { spec } = definitionOf(
      `${minimal}networks:\n  b: {cidr: 10.1.0.0/24}\n  a: {cidr: 10.2.0.0/24}\n`,
    );
    expect(spec.networks).toEqual([
      { name: 'b', cidr: '10.1.0.0/24', dhcp: false },
      { name: 'a', cidr: '10.2.0.0/24', dhcp: false },
    ]);
    expect(spec.nodes[0]?.nics.map(nic => nic.network)).toEqual(['b']);
  });
});

describe('names', () => {
  test('count from zero, or from where the group says, padded as it says', () => {
    const { spec } = definitionOf(
      'lab: x\nnodes: [{name: "a{index}", count: 2}, {name: "b-{index:03}", count: 2, firstIndex: 9}]',
    );
    expect(spec.nodes.map(node => node.name)).toEqual(['a0', 'a1', 'b-009', 'b-010']);
  });
});

describe('MAC addresses and UUIDs', () => {
  const text = (lab: string) =>
    `lab: ${lab}\nnetworks: {p: {cidr: 10.0.0.0/24}}\nnodes: [{name: "n{index}", count: 2000, nics: [p, p]}]`;
  const macsOf = (lab: string) =>
    definitionOf(text(lab)).spec.nodes.flatMap(node => node.nics.map(nic => nic.mac));

  test('follow from names, and differ within a lab', () => {
    const macs = macsOf('x');
    expect(macs).toEqual(macsOf('x'));
    expect(new Set(macs).size).toBe(4000);
    expect(macs.every(mac => /^52:54:00(:[0-9a-f]{2}){3}$/.test(mac))).toBe(true);
    expect(macsOf('y')).not.toEqual(macs);
  });

  test('stay what they were in an earlier version', () => {
    const { spec } = definitionOf('lab: x\nnetworks: {p: {cidr: 10.0.0.0/24}}\nnodes: [{name: n}]');
    expect(spec.nodes[0]?.uuid).toMatchInlineSnapshot(`"a00f2429-0edb-5657-a054-2cf642d91314"`);
    expect(spec.nodes[0]?.nics[0]?.mac).toMatchInlineSnapshot(`"52:54:00:51:04:54"`);
  });

  test('that the file gives are kept, and never given to another node', () => {
    const derived = definitionOf('lab: x\nnetworks: {p: {cidr: 10.0.0.0/24}}\nnodes: [{name: n}]').spec
      .nodes[0]?.nics[0]?.mac;
    const { spec } = definitionOf(
      `lab: x\nnetworks: {p: {cidr: 10.0.0.0/24}}\nnodes: [{name: n}, {name: m, nics: [{network: p, mac: "${derived?.toUpperCase()}"}]}]`,
    );
    expect(spec.nodes[1]?.nics[0]?.mac).toBe(derived);
    expect(spec.nodes[0]?.nics[0]?.mac).not.toBe(derived);
  });
});

describe('BMCs', () => {
  const endpoints = (text: string) =>
    Object.values(definitionOf(text).bmcs).map(({ ipmi }) => `${ipmi.address}:${ipmi.port}`);

  test('take consecutive ports of one address, across groups', () => {
    expect(
      endpoints('lab: x\nbmc: {ipmi: {port: 6230}}\nnodes: [{name: "a{index}", count: 2}, {name: b}]'),
    ).toEqual(['127.0.0.1:6230', '127.0.0.1:6231', '127.0.0.1:6232']);
  });

  test('take consecutive addresses of a range, on the port of IPMI', () => {
    expect(
      endpoints(
        'lab: x\nbmc: {ipmi: {address: 127.1.0.255-127.1.1.9}}\nnodes: [{name: "a{index}", count: 2}]',
      ),
    ).toEqual(['127.1.0.255:623', '127.1.1.0:623']);
  });

  test('begin a run of their own where a group says so', () => {
    expect(
      endpoints(
        'lab: x\nbmc: {ipmi: {address: 127.0.0.2, port: 1000}}\n' +
          'nodes: [{name: a}, {name: "b{index}", count: 2, bmc: {ipmi: {port: 2000}}}, {name: c}]',
      ),
    ).toEqual(['127.0.0.2:1000', '127.0.0.2:2000', '127.0.0.2:2001', '127.0.0.2:1001']);
  });

  test('inherit what their group does not override', () => {
    const { bmcs } = definitionOf(
      'lab: x\nbmc: {username: root, password: one, users: [{name: u}], ipmi: {cipherSuites: [17], kg: "AB01"}}\n' +
        'nodes: [{name: a}, {name: b, bmc: {password: two, users: [], ipmi: {ipmi15: true}}}]',
    );
    expect(bmcs.a?.users).toEqual([
      { name: 'root', password: 'one', privilege: 'administrator' },
      { name: 'u', password: undefined, privilege: 'user' },
    ]);
    expect(bmcs.b?.users).toEqual([{ name: 'root', password: 'two', privilege: 'administrator' }]);
    expect(bmcs.b?.ipmi).toMatchObject({ cipherSuites: [17], kg: 'ab01', ipmi15: true });
    expect(bmcs.a?.ipmi.ipmi15).toBe(false);
  });

  test('read secrets from files and the environment', () => {
    const { bmcs } = definitionOf(
      'lab: x\nbmc: {password: {env: PW}, users: [{name: u, password: {file: secrets/u}}]}\nnodes: [{name: a}]',
      sources({ PW: 'from env' }, { 'secrets/u': 'from file\n' }),
    );
    expect(bmcs.a?.users.map(user => user.password)).toEqual(['from env', 'from file']);
  });
});

describe('YAML', () => {
  test('anchors and merge keys work, and problems are found where they stand', () => {
    const text = [
      'lab: x',
      'nodes:',
      '  - &base',
      '    name: a',
      '    memory: 3MiB',
      '  - <<: *base',
      '    name: b',
      '  - <<: *base',
      '    name: a',
    ].join('\n');
    expect(linesOf(parse(text))).toEqual([
      'lab.yaml:5:13: memory "3MiB" is out of range. Use 64 MiB to 4 TiB.',
      'lab.yaml:9:11: node name "a" is already used at 4:11. Give each node its own name.',
    ]);
  });

  test.each([
    ['flow', '['.repeat(200_000)],
    ['block', '- '.repeat(200_000)],
    ['keys', '? '.repeat(200_000)],
    ['large', '#'.repeat(600_000)],
    [
      'aliases',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefgh'].map((key, i) => `${key}: &${key} [${Array(9).fill(`*${'abcdefg'[i]}`)}]\n`).join('')}lab: x`,
    ],
  ])('that only does harm is refused: %s', (_, text) => {
    expect(linesOf(parse(text))).toEqual([expect.stringMatching(/^lab\.yaml:\d+:\d+: .+\.$/)]);
  });

  const fragment = fc.constantFrom(
    ...[
      'lab: x\n',
      'nodes:\n',
      '  - name: a\n',
      '    count: 3\n',
      '    nics: [p]\n',
      'networks:\n',
      '  p: {cidr: 10.0.0.0/24}\n',
    ],
    ...[
      'bmc:\n',
      '  ipmi: {port: 1}\n',
      'driver: qemu\n',
      '&a ',
      '*a',
      '!!map ',
      '<<: ',
      '__proto__: ',
      '- ',
      '"',
      '{',
      '}',
      ': ',
      '\0',
    ],
  );
  test('of any kind gives a definition or located problems', () => {
    const anyText = fc.oneof(
      fc.string(),
      fc.array(fragment, { maxLength: 20 }).map(parts => parts.join('')),
    );
    fc.assert(
      fc.property(anyText, text => {
        const result = parse(text);
        if (!result.ok) {
          expect(result.problems.length).toBeGreaterThan(0);
          for (const line of linesOf(result)) expect(line).toMatch(/^lab\.yaml:[1-9]\d*:[1-9]\d*: .+/s);
        }
      }),
      { numRuns: 500 },
    );
  });

  const anyValue = fc.jsonValue({ maxDepth: 3 });
  const anyPart = fc.oneof(
    anyValue,
    fc.record({
      lab: fc.constantFrom('x', 'X', 3),
      driver: fc.oneof(anyValue, fc.constantFrom('qemu', { name: 'simulated' })),
      networks: fc.oneof(
        anyValue,
        fc.dictionary(fc.constantFrom('p', 'q', ''), fc.record({ cidr: fc.string() })),
      ),
      nodes: fc.array(
        fc.oneof(
          anyValue,
          fc.record(
            {
              name: fc.constantFrom('a', 'b{index}', '{'),
              count: fc.constantFrom(1, 2),
              nics: anyValue,
              bmc: anyValue,
            },
            { requiredKeys: [] },
          ),
        ),
      ),
    }),
  );
  test('of any content gives a definition or located problems', () => {
    fc.assert(
      fc.property(anyPart, value => {
        const result = parse(JSON.stringify(value));
        for (const line of linesOf(result)) expect(line).toMatch(/^lab\.yaml:[1-9]\d*:[1-9]\d*: .+/s);
      }),
    );
  });
});

describe('a lab file on disk', () => {
  test('is read with its paths relative to it, and named in messages as it was given', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lab-file-'));
    try {
      await writeFile(join(folder, 'pw'), 'secret\n');
      await writeFile(join(folder, 'lab.yaml'), `${minimal}bmc: {password: {file: pw}}\n`);
      const definition = readLabFile('lab.yaml', folder, {});
      expect(definition.source).toBe(join(folder, 'lab.yaml'));
      expect(definition.bmcs.node?.users[0]?.password).toBe('secret');
      await writeFile(join(folder, 'bad.yaml'), `${minimal}netwroks: {}\nbmc: {password: {file: no}}\n`);
      expect(() => readLabFile('./bad.yaml', folder, {})).toThrow(
        './bad.yaml:4:1: unknown key "netwroks". Did you mean "networks"?\n' +
          './bad.yaml:5:24: password: "no" cannot be read: no such file. ' +
          'Make the file, or correct its path, which is relative to the lab file.',
      );
      expect(() => readLabFile('none.yaml', folder, {})).toThrow('none.yaml: no such file');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test.each(readdirSync('examples').filter(name => name.endsWith('.yaml')))('example %s is right', name => {
    expect(readLabFile(`examples/${name}`, process.cwd(), { BMC_PASSWORD: 'secret' }).spec.nodes).not.toEqual(
      [],
    );
  });

  test('the lab in the README is right', async () => {
    const [, lab = ''] = /```yaml\n(.*?)```/s.exec(readFileSync('README.md', 'utf8')) ?? [];
    const folder = await mkdtemp(join(tmpdir(), 'readme-'));
    try {
      await writeFile(join(folder, 'lab.yaml'), lab);
      expect(readLabFile('lab.yaml', folder, {}).spec.nodes.map(node => node.name)).toEqual([
        'node-0',
        'node-1',
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('what is generated from the schema is current; else run scripts/generate-docs.js', () => {
  test('docs/lab-file.md', () => {
    expect(readFileSync('docs/lab-file.md', 'utf8')).toBe(labFileDocs());
  });

  test('schema/lab.schema.json', () => {
    expect(JSON.parse(readFileSync('schema/lab.schema.json', 'utf8'))).toEqual(labFileJsonSchema());
  });

  test('every key is described', () => {
    expect(labFileDocs()).not.toMatch(/\|\s+\|$/m);
  });
});

test('the cipher suites that a lab file may name are those that a BMC can have', () => {
  expect([...labFileCipherSuites].sort()).toEqual(bmcCipherSuites.map(suite => suite.id).sort());
});
