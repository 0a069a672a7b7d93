import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { CloudLabSettings } from '../node/cloud-spec.ts';
import { QuintupleoError, systemCodeOf } from '../support/errors.ts';
import { AddressBook } from './addresses.ts';
import { resolveBmcs, resolveLabUsers } from './bmcs.ts';
import { givenHostMacs, type HostSurroundings, resolveCloudLab } from './cloud-lab.ts';
import { checkCloudNodes, checkServerNames } from './cloud-nodes.ts';
import { defined } from './defined.ts';
import type { LabDefinition } from './definition.ts';
import { type Draft, labNameIn, readDraft } from './draft.ts';
import { inEnvironment, resolveDriver } from './drivers.ts';
import { Endpoints } from './endpoints.ts';
import { resolveExports } from './exports.ts';
import { resolveFaults } from './faults.ts';
import { MachineNames, type NamedGroup } from './groups.ts';
import { withId } from './lab-id.ts';
import { checkMacs } from './macs.ts';
import { resolveNetworks } from './networks.ts';
import { givenNodeMacs, resolveNodes } from './nodes.ts';
import { resolveNotify } from './notify.ts';
import { LabFileError, type Path, type Problem, type Report } from './problem.ts';
import { resolveRedfish } from './redfish.ts';
import type { GroupContent } from './schema.ts';
import type { HostContent } from './schema-openstack.ts';
import type { LabFileSources } from './secret.ts';
import { bmcsOfService, checkLegs, resolveService } from './service.ts';
import { readYaml } from './yaml-source.ts';

/** A lab file's text, read: a definition, or everything that is wrong with it, in the order of the file. */
export type LabFileResult =
  | { readonly ok: true; readonly definition: LabDefinition }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads a lab file.
 * @param file - its path as the user gave it, which messages repeat
 * @param from - the folder that `file` is relative to
 * @param env - environment variables that the file may name
 * @param id - makes it a lab of its own: `NAME-ID`
 * @throws {@link LabFileError} with every problem; QuintupleoError `LAB_FILE_UNREADABLE`, `LAB_ID_INVALID`
 */
export function readLabFile(
  file: string,
  from: string,
  env: Readonly<Record<string, string | undefined>>,
  id?: string,
): LabDefinition {
  const source = resolve(from, file);
  const sources: LabFileSources = {
    env,
    readFile: (path, longest) => {
      const named = resolve(dirname(source), path);
      if (statSync(named).size > longest) throw new Error(`it has more than ${longest} bytes`);
      return readFileSync(named, 'utf8');
    },
  };
  const result = parseLabFile(readText(file, source), source, sources, id);
  if (!result.ok) throw new LabFileError(file, result.problems);
  const { definition } = result;
  return { ...definition, driver: inEnvironment(definition.driver, env, from) };
}

/**
 * The name of the lab that a file describes, which may have errors elsewhere.
 * @throws like {@link readLabFile}
 */
export function readLabName(file: string, from: string, id?: string): string {
  const yaml = readYaml(readText(file, resolve(from, file)));
  if (yaml.problems.length > 0) throw new LabFileError(file, yaml.problems);
  const name = labNameIn(yaml.value);
  if (name !== undefined) return withId(name, id);
  throw new LabFileError(file, [
    { ...yaml.locate(['lab']), text: 'the file does not name its lab. Write "lab: NAME".' },
  ]);
}

function readText(file: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const missing = systemCodeOf(error) === 'ENOENT';
    throw new QuintupleoError(missing ? `${file}: no such file` : `${file} cannot be read`, {
      family: 'config',
      code: 'LAB_FILE_UNREADABLE',
      remedy: 'Give the path of a lab file; examples/pair.yaml is one to begin with.',
      cause: error,
    });
  }
}

/**
 * Makes a definition of a lab file's text. Never throws for what the text says.
 * @param source - absolute path of the file, for the definition
 * @param id - makes it a lab of its own: `NAME-ID`
 * @throws QuintupleoError `LAB_ID_INVALID`
 */
export function parseLabFile(
  text: string,
  source: string,
  sources: LabFileSources,
  id?: string,
): LabFileResult {
  const yaml = readYaml(text);
  if (yaml.problems.length > 0) return { ok: false, problems: yaml.problems };

  const problems = new Map<string, Problem>();
  const report: Report = (path, message, at) => {
    const problem = { ...yaml.locate(path, at), text: message };
    problems.set(`${problem.line}:${problem.column}: ${message}`, problem);
  };
  const where = (path: Path) => {
    const { line, column } = yaml.locate(path);
    return `${line}:${column}`;
  };

  const draft = readDraft(yaml.value, report);
  const onCloud = draft.driverName === 'openstack';
  const lab = draft.lab === undefined ? '' : withId(draft.lab, id);
  const networks = resolveNetworks(draft.networks, onCloud, where, report);
  const names = new MachineNames(where, report);
  const groups = names.give('nodes', draft.groups);
  const hosts = names.give('hosts', draft.hosts);
  const macs = checkMacs([...givenNodeMacs(groups, onCloud), ...givenHostMacs(hosts)], where, report);
  const around = { lab, networks: draft.networkNames, onCloud, macs, sources, where, report };
  const nodes = resolveNodes(groups, around);
  const cloud = onCloud ? resolveCloud(draft, groups, hosts, around) : undefined;
  const redfishEndpoints = new Endpoints('Redfish services', report);
  const bmcs = resolveBmcs(
    draft.bmc,
    groups.map(({ content, path, names }) => ({ nodes: names, bmc: content.bmc, path })),
    { sources, redfishEndpoints, report },
  );
  const driver = resolveDriver(draft.driver, report);
  const service = resolveService(draft.service, {
    ...around,
    networks: draft.networks,
    networkNames: draft.networkNames,
    nodes,
    bmcs,
  });
  const redfish = resolveRedfish(draft.redfish, {
    users: resolveLabUsers(draft.bmc, sources, report),
    instance: service?.address,
    endpoints: redfishEndpoints,
    sources,
    report,
  });
  const notify = resolveNotify(draft.notify, { source, sources, report });
  const exports = resolveExports(draft.export, { lab, source, report });
  const faults = resolveFaults(draft.faults, { nodes: nodes.map(({ name }) => name), onCloud, report });
  if (onCloud) checkLegs(service, draft.networks, report);

  if (problems.size > 0 || draft.lab === undefined || driver === undefined) {
    const inOrder = [...problems.values()].sort((a, b) => a.line - b.line || a.column - b.column);
    return { ok: false, problems: inOrder };
  }
  const spec = { name: lab, networks, nodes, ...(cloud && { cloud: defined({ ...cloud, service }) }) };
  const served = service ? bmcsOfService(bmcs) : bmcs;
  return {
    ok: true,
    definition: {
      spec,
      driver,
      bmcs: served,
      redfish,
      source,
      ...(notify && { notify }),
      ...(exports && { exports }),
      ...(faults && { faults }),
    },
  };
}

function resolveCloud(
  draft: Draft,
  groups: readonly NamedGroup<GroupContent>[],
  hosts: readonly NamedGroup<HostContent>[],
  around: Omit<HostSurroundings, 'serverGroups' | 'addresses'>,
): CloudLabSettings {
  const cloud = {
    ...around,
    serverGroups: Object.keys(draft.serverGroups),
    addresses: new AddressBook(draft.networks, around.where, around.report),
  };
  checkCloudNodes(groups, cloud);
  checkServerNames(groups, hosts, cloud);
  return resolveCloudLab({ ...draft, hosts }, draft.networks, cloud);
}
