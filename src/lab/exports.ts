import { dirname, resolve } from 'node:path';
import { defined } from './defined.ts';
import type { Path, Report } from './problem.ts';
import type { ExportsContent } from './schema-exports.ts';

/** What a lab can be exported as: for a tool that adopts its nodes, or for a program. */
export const exportFormats = [
  'ironic',
  'instackenv',
  'metal3',
  'tinkerbell',
  'maas',
  'foreman',
  'openshift',
  'openshift-agent',
  'ansible',
  'terraform',
  'json',
  'certificate',
] as const;

/** One of {@link exportFormats}. */
export type ExportFormat = (typeof exportFormats)[number];

/** How nodes are described to a tool. What a format has no place for is not used. */
export interface ExportOptions {
  /** By which of a BMC's faces the tool shall reach it. */
  readonly driver: 'ipmi' | 'redfish';
  /** Whether nodes are booted from virtual media rather than from the network; Redfish only. */
  readonly virtualMedia: boolean;
  /**
   * Whether the tool verifies Redfish's certificate, or the file in which the tool finds it. `undefined`: it does,
   * unless the certificate is one that signed itself.
   */
  readonly verifyCa?: boolean | string | undefined;
  /** Of Kubernetes resources. */
  readonly namespace?: string | undefined;
  /** Of Ironic's nodes. */
  readonly resourceClass: string;
  /** Ironic's hardware interfaces, such as `deploy: ramdisk`. */
  readonly interfaces: Readonly<Record<string, string>>;
  /** Further entries of Ironic's `driver_info`. */
  readonly driverInfo: Readonly<Record<string, string>>;
}

/** A file that `up` writes and `down` removes. */
export interface ExportFile {
  readonly format: ExportFormat;
  /** Absolute. */
  readonly path: string;
  readonly options: ExportOptions;
}

/** What is given of {@link ExportOptions}. */
export type GivenExportOptions = {
  readonly [Key in keyof ExportOptions]?: ExportOptions[Key] | undefined;
};

/** The options, with what was not given filled in: virtual media is Redfish's, all else is IPMI's. */
export function exportOptions(given: GivenExportOptions): ExportOptions {
  return defined({
    driver: given.driver ?? (given.virtualMedia ? 'redfish' : 'ipmi'),
    virtualMedia: given.virtualMedia ?? false,
    verifyCa: given.verifyCa,
    namespace: given.namespace,
    resourceClass: given.resourceClass ?? 'baremetal',
    interfaces: given.interfaces ?? {},
    driverInfo: given.driverInfo ?? {},
  });
}

/** What the exports of a lab file follow from besides their own section. */
export interface ExportSurroundings {
  readonly lab: string;
  /** The lab file's absolute path, to whose folder the files are relative. */
  readonly source: string;
  readonly report: Report;
}

/** Fills in the exports of a lab, and reports those that cannot be written. */
export function resolveExports(
  content: ExportsContent | undefined,
  { lab, source, report }: ExportSurroundings,
): readonly ExportFile[] | undefined {
  if (content === undefined) return undefined;
  const users = new Map<string, ExportFormat>();
  return exportFormats.flatMap(format => {
    const given = content[format];
    if (given === undefined) return [];
    const { file, ...options } = typeof given === 'string' ? { file: given } : given;
    const at: Path = ['export', format, ...(typeof given === 'string' ? [] : ['file'])];
    const path = resolve(dirname(source), file.replaceAll('{lab}', lab));
    const other = users.get(path);
    if (path === source) report(at, `file "${file}" is the lab file itself. Choose another name.`);
    if (other) report(at, `file "${file}" is written for ${other} already. Choose another name.`);
    users.set(path, format);
    if (typeof given === 'object' && given.virtualMedia && given.driver === 'ipmi') {
      report(['export', format, 'virtualMedia'], 'virtualMedia needs Redfish. Write "driver: redfish".');
    }
    return [{ format, path, options: exportOptions(options) }];
  });
}
