import { once } from 'node:events';
import { connect } from 'node:net';
import { systemClock } from '../../../src/support/clock.ts';
import { poll } from '../../../src/support/wait.ts';

/** A terminal on a console that Ironic serves by TCP. */
export interface Terminal extends AsyncDisposable {
  readonly types: (text: string) => Promise<void>;
  /** Waits until it has shown that. */
  readonly says: (text: string, bound?: number) => Promise<void>;
}

export async function openTerminal(address: string, port: number): Promise<Terminal> {
  const socket = connect(port, address);
  await once(socket, 'connect');
  let shown = '';
  socket.setEncoding('utf8').on('data', chunk => {
    shown += chunk;
  });
  // Who takes the console away ends the connection; what was shown until then tells.
  socket.on('error', () => undefined);
  return {
    types: text =>
      new Promise((resolve, reject) => {
        socket.write(text, error => (error ? reject(error) : resolve()));
      }),
    says: async (text, bound = 60_000) => {
      const seen = await poll(systemClock, { every: 200, within: bound }, async () =>
        shown.includes(text) ? true : undefined,
      );
      if (!seen) throw new Error(`the console has not shown "${text}":\n${shown}`);
    },
    [Symbol.asyncDispose]: async () => {
      socket.destroy();
    },
  };
}
