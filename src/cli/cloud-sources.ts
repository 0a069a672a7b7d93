import type { CloudsSources } from '../daemon/cloud-access.ts';
import type { Cli } from './cli.ts';

/** Where the user's clouds are described. */
export function cloudSources(
  { env, cwd }: Cli,
  chosen: { readonly cloud?: string | undefined; readonly region?: string | undefined },
): CloudsSources {
  return { cloud: chosen.cloud, region: chosen.region, env, cwd, home: env.HOME ?? '/' };
}
