import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { QuintupleoError, systemCodeOf } from '../support/errors.ts';
import { resolveBmcs } from './bmcs.ts';
import type { DriverChoice, LabDefinition } from './definition.ts';
import { limits } from './limits.ts';
import { resolveNetworks } from './networks.ts';
import { nameNodes, resolveNodes } from './nodes.ts';
import { LabFileError, type Path, type Problem, type Report } from './problem.ts';
import { parseDuration } from './quantity.ts';
import {
  type BmcContent,
  bmcSchema,
  type DriverContent,
  driverSchema,
  type GroupContent,
  groupSchema,
  labelSchema,
  labFileJsonSchema,
  labFileSchema,
  type NetworkContent,
  networkSchema,
} from './schema.ts';
import { keysAt } from './schema-keys.ts';
import type { LabFileSources } from './secret.ts';
import { reportIssues } from './shape.ts';
import { readYaml } from './yaml-source.ts';

/** A lab file's text, read: a definition, or everything that is wrong with it, in the order of the file. */
export type LabFileResult =
  | { readonly ok: true; readonly definition: LabDefinition }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** The largest secret that is read from a file, in bytes: more is certainly the wrong file. */
const longestSecret = 4096;

/**
 * Reads a lab file.
 * @param file - its path as the user gave it, which messages repeat
 * @param from - the folder that `file` is relative to
 * @param env - environment variables that the file may name
 * @throws {@link LabFileError} with every problem; QuintupleoError `LAB_FILE_UNREADABLE`
 */
export function readLabFile(
  file: string,
  from: string,
  env: Readonly<Record<string, string | undefined>>,
): LabDefinition {
  const source = resolve(from, file);
  const result = parseLabFile(readText(file, source), source, {
    env,
    readFile: path => {
      const secret = resolve(dirname(source), path);
      if (statSync(secret).size > longestSecret) throw new Error('it is too large for a secret');
      return readFileSync(secret, 'utf8');
    },
  });
  if (!result.ok) throw new LabFileError(file, result.problems);
  return result.definition;
}

/**
 * The name of the lab that a file describes, which may have errors elsewhere.
 * @throws like {@link readLabFile}
 */
export function readLabName(file: string, from: string): string {
  const yaml = readYaml(readText(file, resolve(from, file)));
  if (yaml.problems.length > 0) throw new LabFileError(file, yaml.problems);
  const name = labelSchema(limits.labName).safeParse(isRecord(yaml.value) ? yaml.value.lab : undefined);
  if (name.success) return name.data;
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
 */
export function parseLabFile(text: string, source: string, sources: LabFileSources): LabFileResult {
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
  const networks = resolveNetworks(draft.networks, where, report);
  const groups = nameNodes(draft.groups, where, report);
  const nodes = resolveNodes(draft.lab ?? '', draft.networkNames, groups, where, report);
  const bmcs = resolveBmcs(
    draft.bmc,
    groups.map(({ content, path, names }) => ({ nodes: names, bmc: content.bmc, path })),
    sources,
    report,
  );
  const driver = resolveDriver(draft.driver, report);

  if (problems.size > 0 || draft.lab === undefined || driver === undefined) {
    const inOrder = [...problems.values()].sort((a, b) => a.line - b.line || a.column - b.column);
    return { ok: false, problems: inOrder };
  }
  return { ok: true, definition: { spec: { name: draft.lab, networks, nodes }, driver, bmcs, source } };
}

/** What could be read of a lab file. A part that could not be is left out, so that the others are checked all the same. */
interface Draft {
  readonly lab: string | undefined;
  readonly driver: DriverContent | undefined;
  readonly networks: ReadonlyMap<string, NetworkContent>;
  readonly networkNames: readonly string[];
  readonly groups: readonly (GroupContent | undefined)[];
  readonly bmc: BmcContent | undefined;
}

function readDraft(raw: unknown, report: Report): Draft {
  const whole = labFileSchema.safeParse(raw);
  if (whole.success) {
    const { lab, driver, networks, nodes, bmc } = whole.data;
    const networkNames = Object.keys(networks);
    if (networkNames.length > limits.networks) {
      report(['networks'], `networks has more than ${limits.networks} entries. Split the lab.`, 'key');
    }
    return { lab, driver, networks: new Map(Object.entries(networks)), networkNames, groups: nodes, bmc };
  }
  const schema = labFileJsonSchema();
  reportIssues(whole.error.issues, raw, path => keysAt(schema, path), report);

  const parts = isRecord(raw) ? raw : {};
  const networks = new Map<string, NetworkContent>();
  const networkNames = isRecord(parts.networks) ? Object.keys(parts.networks) : [];
  for (const name of networkNames) {
    const network = isRecord(parts.networks) ? networkSchema.safeParse(parts.networks[name]).data : undefined;
    if (network) networks.set(name, network);
  }
  return {
    lab: labelSchema(limits.labName).safeParse(parts.lab).data,
    driver: driverSchema.safeParse(parts.driver).data,
    networks,
    networkNames,
    groups: Array.isArray(parts.nodes) ? parts.nodes.map(group => groupSchema.safeParse(group).data) : [],
    bmc: bmcSchema.safeParse(parts.bmc).data,
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function resolveDriver(content: DriverContent | undefined, report: Report): DriverChoice | undefined {
  if (content === undefined) return undefined;
  const chosen = typeof content === 'string' ? driverSchema.parse({ name: content }) : content;
  if (typeof chosen === 'string') return undefined;
  if (chosen.name === 'qemu') return chosen;
  const latency = parseDuration(chosen.latency) ?? Number.NaN;
  if (!(latency <= 3_600_000)) {
    report(['driver', 'latency'], `latency "${chosen.latency}" is out of range. Use 0ms to 1h.`);
  }
  return { ...chosen, latency };
}
