import { readFileSync } from 'node:fs';

const packageFile = new URL('../../package.json', import.meta.url);

/** This project's version, as in package.json: `1.2.3`. */
export const version: string = JSON.parse(readFileSync(packageFile, 'utf8')).version;
