import { formatDuration, parseDuration } from '../support/quantity.ts';
import type { DriverChoice } from './definition.ts';
import type { Report } from './problem.ts';
import { type DriverContent, driverSchema } from './schema-drivers.ts';
import { type DriverName, driverNames } from './schema-parts.ts';

/**
 * The driver that a file names, whatever is wrong with its options.
 * @param content - what stands under `driver`
 * @returns `undefined` if it names none that there is
 */
export function driverNameOf(content: unknown): DriverName | undefined {
  if (content === undefined) return 'qemu';
  const name = typeof content === 'object' && content !== null && 'name' in content ? content.name : content;
  return driverNames.find(one => one === name);
}

/** Fills in the options of the driver, and reports what they cannot be. */
export function resolveDriver(content: DriverContent | undefined, report: Report): DriverChoice | undefined {
  if (content === undefined) return undefined;
  const chosen = typeof content === 'string' ? driverSchema.parse({ name: content }) : content;
  if (typeof chosen === 'string') return undefined;
  const duration = (key: string, text: string, least: number, most: number) => {
    const value = parseDuration(text) ?? Number.NaN;
    if (!(value >= least && value <= most)) {
      const range = `${formatDuration(least)} to ${formatDuration(most)}`;
      report(['driver', key], `${key} "${text}" is out of range. Use ${range}.`);
    }
    return value;
  };
  switch (chosen.name) {
    case 'qemu':
      return chosen;
    case 'openstack':
      return { ...chosen, pollInterval: duration('pollInterval', chosen.pollInterval, 1000, 600_000) };
    case 'simulated':
      return { ...chosen, latency: duration('latency', chosen.latency, 0, 3_600_000) };
  }
}

/** Takes along where this user has clouds described: the daemon may have been started elsewhere, by another shell. */
export function inEnvironment(
  choice: DriverChoice,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): DriverChoice {
  if (choice.name !== 'openstack') return choice;
  const told = Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && /^(OS_|XDG_CONFIG_)/.test(name) ? [[name, value] as const] : [],
  );
  return { ...choice, environment: { env: Object.fromEntries(told), home: env.HOME ?? '/', cwd } };
}
