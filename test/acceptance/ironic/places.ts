import { join } from 'node:path';

/** Where scripts/test-ironic keeps things. */
export const home = process.env.QUINTUPLEO_IRONIC ?? '/tmp/quintupleo-ironic';

/** What it has made there before the tests. */
export const cache = join(home, 'cache');

/** The provisioning network, and this machine on it. */
export const cidr = '198.18.7.0/24';
export const address = '198.18.7.1';

/** Name of the lab. */
export const lab = 'ironic';

/** Of every BMC's administrator. */
export const password = 'only-a-test';
