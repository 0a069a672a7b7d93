import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { cloudFolder } from './cloud.ts';

/** Which requests the cloud has seen: the services' own logs, which know nothing of the client's counts. */

const logs = {
  compute: 'nova-api',
  network: 'neutron-server',
  volume: 'cinder-api',
  image: 'glance-api',
} as const;

/** A request that was answered. */
export interface SeenRequest {
  readonly service: keyof typeof logs;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly status: number;
}

/** A moment in the logs. */
export type Moment = ReadonlyMap<string, number>;

const file = (name: string) => join(cloudFolder, 'log', `${name}.log`);

/** Now, as {@link requestsSince} wants it. */
export async function moment(): Promise<Moment> {
  const names = Object.values(logs);
  const sizes = await Promise.all(
    names.map(name =>
      stat(file(name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return new Map(names.map((name, index) => [name, sizes[index] ?? 0]));
}

/**
 * Every request of a user since then. What services ask each other in a user's name is not among them, but for what
 * Nova asks Glance: they hand the ID of the request on that they do it for, in whose place the logs have `None` otherwise.
 * @param user - the user's ID
 */
export async function requestsSince(from: Moment, user: string): Promise<readonly SeenRequest[]> {
  const seen: SeenRequest[] = [];
  for (const [service, name] of Object.entries(logs) as [keyof typeof logs, string][]) {
    const content = await readFile(file(name)).catch(() => Buffer.alloc(0));
    for (const line of content
      .subarray(from.get(name) ?? 0)
      .toString('utf8')
      .split('\n')) {
      const [, method, path, status] = / "([A-Z]+) (\S+) HTTP\/1\.[01]" (?:status: )?(\d+)/.exec(line) ?? [];
      if (method === undefined || path === undefined) continue;
      if (!line.includes(` ${user} `) || !line.includes('[None ')) continue;
      seen.push({ service, method, path, status: Number(status) });
    }
  }
  return seen;
}
