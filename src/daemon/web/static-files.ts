import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { systemCodeOf } from '../../support/errors.ts';

/** Where the build has put the dashboard, for the program in `dist/` as for the sources. */
const dashboardFolder = join(import.meta.dirname, '..', '..', '..', 'dist', 'web');

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

interface StaticFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** `undefined`: it gains nothing. */
  readonly zipped: Uint8Array<ArrayBuffer> | undefined;
  readonly type: string;
  readonly caching: string;
}

const asText = (text: string): StaticFile => ({
  bytes: Uint8Array.from(Buffer.from(text)),
  zipped: undefined,
  type: 'text/plain; charset=utf-8',
  caching: 'no-cache',
});

/**
 * The dashboard's files, read once: what a request asks for is looked up among them, and leads to no other file of this
 * host.
 */
export class StaticFiles {
  readonly #files: ReadonlyMap<string, StaticFile>;

  private constructor(files: ReadonlyMap<string, StaticFile>) {
    this.#files = files;
  }

  static async read(folder = dashboardFolder): Promise<StaticFiles> {
    const files = new Map<string, StaticFile>();
    for (const path of await filesBelow(folder)) {
      const url = `/${relative(folder, path).split(sep).join('/')}`;
      const type = types[extname(path)];
      if (type !== undefined) files.set(url, await readStatic(path, url, type));
    }
    return new StaticFiles(files);
  }

  /** The file at a path; for a path of none, which is one of the dashboard's own routes, the page that knows them. */
  answer(path: string, acceptEncoding: string): Response {
    const isRoute = !this.#files.has(path) && !/\.[a-z0-9]+$/i.test(path);
    const file = this.#files.get(isRoute ? '/index.html' : path);
    if (!file) {
      const { bytes, type } = asText(
        isRoute ? 'The dashboard is not built: npm run build.\n' : 'not found\n',
      );
      return new Response(bytes, { status: 404, headers: { 'Content-Type': type } });
    }
    const zipped = /\bgzip\b/.test(acceptEncoding) ? file.zipped : undefined;
    return new Response(zipped ?? file.bytes, {
      headers: {
        'Content-Type': file.type,
        'Cache-Control': file.caching,
        ...(file.zipped && { Vary: 'Accept-Encoding' }),
        ...(zipped && { 'Content-Encoding': 'gzip' }),
      },
    });
  }
}

async function readStatic(path: string, url: string, type: string): Promise<StaticFile> {
  const content = await readFile(path);
  const zipped = /^(text|application|image\/svg)/.test(type) ? await promisify(gzip)(content) : undefined;
  return {
    bytes: Uint8Array.from(content),
    zipped: zipped && zipped.length < content.length ? Uint8Array.from(zipped) : undefined,
    type,
    // The build names these after what is in them.
    caching: url.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
}

async function filesBelow(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true });
    return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
