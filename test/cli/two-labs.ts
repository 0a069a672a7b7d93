import { afterEach, beforeEach } from 'vitest';
import { type FakeDaemon, fakeDaemon, labStatus, nodeStatus } from './fake-daemon.ts';
import { cli, daemonStatus } from './run-cli.ts';

export const pair = labStatus('pair', [
  nodeStatus('pair', 'node-0', { power: 'on' }),
  nodeStatus('pair', 'node-1', {
    bmc: { address: '127.0.0.1', port: 6231, users: ['admin'], problem: 'taken' },
  }),
]);
const other = labStatus('other', [nodeStatus('other', 'node-0'), nodeStatus('other', 'lone')]);

/** A daemon for each test of a file, which has the labs `pair` (`node-0`, `node-1`) and `other` (`node-0`, `lone`). */
export class TwoLabs {
  #daemon: FakeDaemon | undefined;

  constructor() {
    beforeEach(async () => {
      this.#daemon = await fakeDaemon({
        'GET /v1/daemon': { json: daemonStatus },
        'GET /v1/labs': { json: [pair, other] },
      });
    });
    afterEach(() => this.#daemon?.[Symbol.asyncDispose]());
  }

  get daemon(): FakeDaemon {
    if (!this.#daemon) throw new Error('the daemon begins with a test');
    return this.#daemon;
  }

  run(...args: string[]): ReturnType<typeof cli> {
    return cli(args, { folder: this.daemon.folder });
  }
}
