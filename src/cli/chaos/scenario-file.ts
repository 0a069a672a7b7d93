import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as z from 'zod';
import { type Scenario, scenarioSchema } from '../../faults/scenario.ts';
import { LabFileError, type Problem } from '../../lab/problem.ts';
import { keysAt } from '../../lab/schema-keys.ts';
import { reportIssues } from '../../lab/shape.ts';
import { readYaml } from '../../lab/yaml-source.ts';
import { QuintupleoError, systemCodeOf } from '../../support/errors.ts';

/**
 * Reads a scenario.
 * @param file - its path as the user gave it, which messages repeat
 * @param from - the folder that `file` is relative to
 * @throws {@link LabFileError} with every problem; QuintupleoError `SCENARIO_UNREADABLE`
 */
export function readScenario(file: string, from: string): Scenario {
  const yaml = readYaml(readText(file, from));
  if (yaml.problems.length > 0) throw new LabFileError(file, yaml.problems);
  const result = scenarioSchema.safeParse(yaml.value);
  if (result.success) return result.data;
  const problems: Problem[] = [];
  const schema = z.toJSONSchema(scenarioSchema, { io: 'input', target: 'draft-7' });
  reportIssues(
    result.error.issues,
    yaml.value,
    path => keysAt(schema as Record<string, unknown>, path),
    (path, text, at) => problems.push({ ...yaml.locate(path, at), text }),
  );
  throw new LabFileError(file, problems);
}

function readText(file: string, from: string): string {
  try {
    return readFileSync(resolve(from, file), 'utf8');
  } catch (error) {
    const missing = systemCodeOf(error) === 'ENOENT';
    throw new QuintupleoError(missing ? `${file}: no such file` : `${file} cannot be read`, {
      family: 'config',
      code: 'SCENARIO_UNREADABLE',
      remedy: 'Give the path of a scenario; examples/chaos has some to begin with.',
      cause: error,
    });
  }
}
