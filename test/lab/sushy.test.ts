import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readDomain } from '../../src/lab/libvirt-domain.ts';
import { importSushy } from '../../src/lab/sushy/import.ts';
import { readAssignments } from '../../src/lab/sushy/python-literals.ts';
import { sushySettings } from '../../src/lab/sushy/settings.ts';
import { definitionOf } from './fixtures.ts';

interface Given {
  readonly systems?: readonly string[];
  readonly domains?: readonly string[];
}

const imported = (config: string, { systems = [], domains = [] }: Given = {}) =>
  importSushy({
    config,
    systems,
    domains: domains.flatMap(text => readDomain(text) ?? []),
    name: 'moved',
    file: 'emulator.conf',
  });

describe('a file of assignments in Python', () => {
  test('is read as Python reads it', () => {
    const text = String.raw`# -*- coding: utf-8 -*-
import os
A = u'one' "two" # joined
B = [
    1, -2.5, 0x10,  # numbers
    (True, None),
    ('x'),
]
C = {'k': {"n": []}, ('a', "1"): 'v\n\'"'}
if A:
    D = 1
E = os.environ['HOME']
F = '''three
lines'''; G = r'\n'
H \
  = 3
`;
    expect(readAssignments(text)).toEqual({
      values: {
        A: 'onetwo',
        B: [1, -2.5, 16, [true, null], 'x'],
        C: { k: { n: [] }, '["a","1"]': 'v\n\'"' },
        F: 'three\nlines',
        G: '\\n',
      },
      unreadable: [
        { line: 2, name: undefined },
        { line: 10, name: undefined },
        { line: 12, name: 'E' },
        { line: 15, name: undefined },
      ],
    });
  });

  test('gives back what Python prints', () => {
    // Python tells 1.0 from 1, and prints small numbers in another way.
    const values = fc
      .sample(fc.jsonValue(), 100)
      .filter(value => !/e-|__proto__/.test(JSON.stringify(value)));
    const program = 'import json, sys; print("V =", repr(json.load(sys.stdin)))';
    const printed = execFileSync('/usr/bin/python3', ['-c', program], {
      input: JSON.stringify(values),
      encoding: 'utf8',
      env: { PYTHONUTF8: '1' },
    });
    expect(JSON.stringify(readAssignments(printed).values.V)).toBe(JSON.stringify(values));
  });

  test('never keeps the reader from its end', () => {
    const parts = fc.constantFrom(
      'A',
      ' = ',
      '[',
      ']',
      '(',
      '{',
      '}',
      ':',
      ',',
      "'",
      '"',
      '\n',
      '#',
      '1',
      '\\',
      "'''",
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 30 }), words => {
        readAssignments(words.join(''));
      }),
    );
  });
});

describe("sushy-emulator's configuration", () => {
  test('becomes a lab that is found where the emulator was', () => {
    const { text, mapped, notMapped } = imported(`
SUSHY_EMULATOR_LISTEN_IP = u''
SUSHY_EMULATOR_LISTEN_PORT = 8001
SUSHY_EMULATOR_SSL_CERT = None
SUSHY_EMULATOR_LIBVIRT_URI = u'qemu:///system'
SUSHY_EMULATOR_ALLOWED_INSTANCES = ["vbmc-node"]
SUSHY_EMULATOR_COLOUR = 1
`);
    const { spec, redfish } = definitionOf(text);
    expect(spec.nodes.map(({ name }) => name)).toEqual(['vbmc-node']);
    expect(redfish).toMatchObject({ service: { address: '0.0.0.0', port: 8001 }, tls: false });
    expect(mapped.map(({ parameter, to }) => [parameter, to])).toEqual([
      ['SUSHY_EMULATOR_LISTEN_IP', 'redfish.address'],
      ['SUSHY_EMULATOR_LISTEN_PORT', 'redfish.port'],
      ['SUSHY_EMULATOR_ALLOWED_INSTANCES', 'nodes'],
    ]);
    expect(notMapped.map(({ parameter }) => parameter)).toEqual([
      'SUSHY_EMULATOR_LIBVIRT_URI',
      'SUSHY_EMULATOR_COLOUR',
    ]);
  });

  test('names domains of libvirt by their names or UUIDs', () => {
    const xml =
      "<domain type='kvm'><name>one</name><uuid>da69abcc-dae0-4913-9a7b-d344043097c0</uuid></domain>";
    const names = (config: string, given: Given) => definitionOf(imported(config, given).text).spec.nodes;
    const allowed = "SUSHY_EMULATOR_ALLOWED_INSTANCES = ['da69abcc-dae0-4913-9a7b-d344043097c0']";
    expect(names(allowed, { domains: [xml] })).toMatchObject([{ name: 'one' }]);
    expect(names('', { domains: [xml] })).toMatchObject([{ name: 'one' }]);
    expect(names('', { systems: ['a', 'b'] })).toMatchObject([{ name: 'a' }, { name: 'b' }]);
  });

  test('becomes simulated nodes where the systems are made up', () => {
    const { text, notMapped } = imported(`
SUSHY_EMULATOR_FAKE_DRIVER = True
SUSHY_EMULATOR_FAKE_SYSTEMS = [
    {'uuid': '1', 'name': 'fake0', 'power_state': 'Off', 'nics': [{'mac': '00:5C:52:31:3A:9C', 'ip': '172.22.0.100'}]},
    {'uuid': '2', 'name': 'fake1', 'power_state': 'Off', 'nics': []},
]`);
    const { spec, driver } = definitionOf(text);
    expect(driver.name).toBe('simulated');
    expect(spec.nodes.map(({ name }) => name)).toEqual(['fake0', 'fake1']);
    expect(spec.nodes[0]?.nics).toMatchObject([{ mac: '00:5c:52:31:3a:9c' }]);
    expect(notMapped).toEqual([]);
  });

  test('of a cloud says how its instances are adopted', () => {
    const config = "SUSHY_EMULATOR_OS_CLOUD = 'mine'\nSUSHY_EMULATOR_ALLOWED_INSTANCES = ['1', '2']";
    expect(() => imported(config)).toThrow('it shows instances of an OpenStack cloud');
    expect(() => imported("SUSHY_EMULATOR_IRONIC_CLOUD = 'mine'")).toThrow('it shows nodes of an Ironic');
    expect(() => imported('')).toThrow('it does not say which domains of libvirt it shows');
  });

  test('has its settings in the documentation', () => {
    const page = readFileSync('docs/coming-from-sushy-tools.md', 'utf8');
    const rows = Object.entries(sushySettings).map(([name, fate]) => {
      const setting = name.startsWith('EXTERNAL_') ? name : `SUSHY_EMULATOR_${name}`;
      return `| \`${setting}\` | ${'to' in fate ? fate.to : `*not mapped*: ${fate.why}`} |`;
    });
    expect(page.split('\n').filter(line => /^\| `(SUSHY|EXTERNAL)_\w+` /.test(line))).toEqual(rows);
  });
});
