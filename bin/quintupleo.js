#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`error: Node.js ${process.versions.node} is too old. Install 20.19 or newer.`);
  process.exit(5);
}
if (!existsSync(new URL('../dist/cli/main.js', import.meta.url))) {
  console.error('error: this checkout has not been built. Run: npm ci && npm run build');
  process.exit(5);
}
const { main } = await import('../dist/cli/main.js');
await main(fileURLToPath(import.meta.url));
