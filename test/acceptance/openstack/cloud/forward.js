// Carries TCP connections from an address of this machine to the same ports of the loopback: forward.js ADDRESS PORT...
import { connect, createServer } from 'node:net';

const [address, ...ports] = process.argv.slice(2);
for (const port of ports) {
  const server = createServer(client => {
    const service = connect(Number(port), '127.0.0.1');
    client.pipe(service).pipe(client);
    client.on('error', () => service.destroy());
    service.on('error', () => client.destroy());
  });
  server.listen(Number(port), address);
}
