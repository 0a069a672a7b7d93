import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ExportOptions, exportOptions } from '../lab/exports.ts';
import { type GlobalOptions, usageError } from './cli.ts';

/** Hardware interfaces of Ironic. */
const interfaceKinds = [
  ...['bios', 'boot', 'console', 'deploy', 'firmware', 'inspect', 'management', 'network'],
  ...['power', 'raid', 'rescue', 'storage', 'vendor'],
];

/** How the command line says which nodes a tool gets, and how it reaches them. */
export interface GivenExport extends GlobalOptions {
  readonly node?: readonly string[];
  readonly role?: readonly string[];
  readonly driver?: 'ipmi' | 'redfish';
  readonly virtualMedia?: boolean;
  readonly verifyCa?: boolean;
  readonly caFile?: string;
  readonly namespace?: string;
  readonly resourceClass?: string;
  readonly interface?: Readonly<Record<string, string>>;
  readonly driverInfo?: Readonly<Record<string, string>>;
}

/** Adds the options that say which nodes a tool gets, and how it reaches them. */
export function withExportOptions(command: Command): Command {
  return command
    .option(
      '--node <name>',
      'only this node, or those of a pattern such as worker-*; may be repeated',
      collect,
    )
    .option('--role <role>', 'only nodes of this role; may be repeated', collect)
    .addOption(
      new Option(
        '--driver <driver>',
        'how the tool reaches the BMCs; ipmi, and redfish for virtual media',
      ).choices(['ipmi', 'redfish']),
    )
    .option('--virtual-media', 'the tool boots nodes from virtual media rather than from the network')
    .option(
      '--verify-ca',
      "the tool verifies Redfish's certificate; by default it does unless the certificate signed itself",
    )
    .option('--ca-file <file>', "where Ironic finds Redfish's certificate, to verify it")
    .option('--resource-class <name>', "resource class of Ironic's nodes; baremetal")
    .option(
      '--interface <kind=name>',
      "one of Ironic's hardware interfaces, such as deploy=ramdisk; may be repeated",
      (value: string, before: Readonly<Record<string, string>> = {}) => {
        const [kind, name] = keyAndValue(value);
        if (interfaceKinds.includes(kind)) return { ...before, [kind]: name };
        throw new InvalidArgumentError(`Kinds there are: ${interfaceKinds.join(', ')}.`);
      },
    )
    .option(
      '--driver-info <key=value>',
      "a further entry of Ironic's driver_info, such as deploy_kernel=URL; may be repeated",
      (value: string, before: Readonly<Record<string, string>> = {}) => {
        const [key, text] = keyAndValue(value);
        return { ...before, [key]: text };
      },
    );
}

/** What the options say, with the rest filled in. */
export function readExportOptions(given: GivenExport): ExportOptions {
  if (given.virtualMedia && given.driver === 'ipmi') {
    throw usageError('virtual media needs Redfish', 'Leave --driver ipmi away.');
  }
  return exportOptions({
    ...given,
    verifyCa: given.caFile ?? given.verifyCa,
    interfaces: given.interface,
  });
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function keyAndValue(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at <= 0) throw new InvalidArgumentError('Write KEY=VALUE.');
  return [text.slice(0, at), text.slice(at + 1)];
}
