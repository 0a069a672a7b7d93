import { describe, expect, test } from 'vitest';
import { parseLabFile } from '../../src/lab/lab-file.ts';
import { definitionOf, linesOf, parse, sources } from './fixtures.ts';

const withExport = (...lines: readonly string[]) =>
  ['lab: rack', 'nodes: [{name: a}]', 'export:', ...lines.map(line => `  ${line}`)].join('\n');

describe('export in a lab file', () => {
  test('is a file, or a file and how the tool reaches the nodes', () => {
    const { exports } = definitionOf(
      withExport(
        'ironic: nodes.yaml',
        'metal3: {file: "/srv/{lab}.yaml", virtualMedia: true, namespace: metal3}',
      ),
    );
    expect(exports).toEqual([
      {
        format: 'ironic',
        path: '/labs/nodes.yaml',
        options: {
          ...{ driver: 'ipmi', virtualMedia: false, resourceClass: 'baremetal' },
          ...{ interfaces: {}, driverInfo: {} },
        },
      },
      {
        format: 'metal3',
        path: '/srv/rack.yaml',
        options: {
          ...{ driver: 'redfish', virtualMedia: true, resourceClass: 'baremetal', namespace: 'metal3' },
          ...{ interfaces: {}, driverInfo: {} },
        },
      },
    ]);
  });

  test('tells labs of one file apart by {lab}', () => {
    const text = withExport('ironic: "{lab}.yaml"');
    const result = parseLabFile(text, '/labs/lab.yaml', sources(), '17');
    expect(result.ok && result.definition.exports?.[0]?.path).toBe('/labs/rack-17.yaml');
  });

  test('is nothing where there is none', () => {
    expect(definitionOf('lab: rack\nnodes: [{name: a}]').exports).toBeUndefined();
  });

  test.each([
    ['ironc: nodes.yaml', '4:3: unknown key "ironc". Did you mean "ironic"?'],
    ['ironic: lab.yaml', '4:11: file "lab.yaml" is the lab file itself. Choose another name.'],
    [
      'metal3: {file: a.yaml, driver: ipmi, virtualMedia: true}',
      '4:54: virtualMedia needs Redfish. Write "driver: redfish".',
    ],
  ])('%s', (line, problem) => {
    expect(linesOf(parse(withExport(line)))).toEqual([`lab.yaml:${problem}`]);
  });

  test('two formats in one file', () => {
    expect(linesOf(parse(withExport('ironic: a.yaml', 'metal3: {file: ./a.yaml}')))).toEqual([
      'lab.yaml:5:18: file "./a.yaml" is written for ironic already. Choose another name.',
    ]);
  });
});
