import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * The least that a Node.js program can do for an HTTP request: whatever is asked, the same bytes. Sends its port when
 * it listens; takes the bytes, base64, as messages.
 */
let body = Buffer.alloc(0);
const server = createServer((request, response) => {
  request.resume();
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  response.end(body);
});
process.on('message', (bytes: string) => {
  body = Buffer.from(bytes, 'base64');
  process.send?.('taken');
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
