import type { Server } from 'node:http';
import { createServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { createAdaptorServer } from '@hono/node-server';
import type { Identity } from '../support/certificate.ts';
import { isPeer, pinnedServerOptions } from '../support/pinned-tls.ts';
import { onBehalfOf } from '../support/request-scope.ts';
import { answerControl, type Control, listen } from './control-server.ts';
import { behalfOf } from './on-behalf.ts';

/** How a daemon is commanded from another machine. */
export interface RemoteControlOptions {
  /** TCP port, on every address. 0 takes a free one. */
  readonly port: number;
  readonly identity: Identity;
  /** SHA-256 fingerprint of the certificate of the only one who may. */
  readonly manager: string;
}

/**
 * Serves the control API by TLS, to one client: whoever has the key of the certificate that is known by its
 * fingerprint. All others are cut off before they can say a word.
 */
export async function serveRemoteControl(
  { port, identity, manager }: RemoteControlOptions,
  control: Control,
): Promise<AsyncDisposable & { readonly port: number }> {
  const serverOptions = pinnedServerOptions(identity);
  const fetch = (request: Request, env: object) =>
    onBehalfOf(behalfOf(request), () => control.api.fetch(request, env));
  const server = createAdaptorServer({ fetch, createServer, serverOptions }) as Server;
  // Before the HTTP server's own listener, which reads what the client sends.
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    if (isPeer(socket, manager)) return;
    control.log.warn({ client: socket.remoteAddress }, 'a stranger was refused the control API');
    socket.destroy();
  });
  const serving = answerControl(server, control);
  await listen(server, { port });
  const address = server.address();
  return { ...serving, port: typeof address === 'object' ? (address?.port ?? port) : port };
}
