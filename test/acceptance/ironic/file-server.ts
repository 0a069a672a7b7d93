import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join, normalize } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Serves the files of some folders by HTTP, as the web server beside an Ironic does. */
export async function serveFiles(
  folders: readonly string[],
  address: string,
  port: number,
): Promise<AsyncDisposable> {
  const server = createServer((request, response) => {
    serve(folders, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, resolve);
  });
  return {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

async function serve(
  folders: readonly string[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://files');
  for (const folder of folders) {
    const path = join(folder, normalize(decodeURIComponent(pathname)));
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile()) continue;
    response.writeHead(200, { 'Content-Length': found.size, 'Content-Type': 'application/octet-stream' });
    if (request.method === 'HEAD') response.end();
    else await pipeline(createReadStream(path), response);
    return;
  }
  response.writeHead(404).end();
}
