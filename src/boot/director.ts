import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer, type Http2Bindings, type HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type Clock, systemClock } from '../support/clock.ts';
import type { Document } from '../support/document.ts';
import { messageOf, QuintupleoError, systemCodeOf } from '../support/errors.ts';
import type { Logger } from '../support/log.ts';
import { onBehalfOf } from '../support/request-scope.ts';
import { type Assignment, Assignments, type BootReport, type SavedAssignments } from './assignments.ts';
import { type Caller, isCard } from './caller.ts';
import { type DeployFiles, kernelArguments } from './deploy-files.ts';
import { fileResponse } from './file-response.ts';
import { type FirmwareAsks, FirmwareDesk } from './firmware-desk.ts';
import { answerScript, mediaName, politeAnswer } from './firmware-scripts.ts';
import { baseUrl, deployScript, entryScript, localBootScript, parseMac } from './ipxe-scripts.ts';

/** What a boot director needs from outside. */
export interface BootDirectorOptions {
  /** The name of the node that has this network card; `undefined` for a card that is no node's. */
  readonly nodeOf: (mac: string) => string | undefined;
  /** Makes the files for a deployment or finds them; called again once it has ended. */
  readonly deployFiles: (signal: AbortSignal) => Promise<DeployFiles>;
  /** Tells firmware that asks what to boot; without it there is no such firmware. */
  readonly firmwareAsks?: FirmwareAsks | undefined;
  /**
   * The file that has the image which is in one of a node's slots.
   * @param image - the name of that file
   */
  readonly mediaFile?: ((mac: string, image: string) => string | undefined) | undefined;
  /** Reads the text of this host's /proc/net/arp. */
  readonly neighbours?: (() => Promise<string>) | undefined;
  /** What stands in the way of machines' requests on purpose. */
  readonly hinder?: Hinder | undefined;
  readonly document: Document<SavedAssignments>;
  readonly log: Logger;
  readonly clock?: Clock | undefined;
  readonly token?: (() => string) | undefined;
}

/**
 * Resolves when a machine's request may be answered, or to the HTTP status of an error that it gets instead.
 * @param signal - the signal that aborts when the machine has given up: not to be had for nothing, so only for who waits
 * @returns `undefined` for a request that nothing stands in the way of
 */
export type Hinder = (mac: string, signal: () => AbortSignal) => Promise<number | undefined> | undefined;

/** One answered request. */
export interface BootFetch {
  /** Milliseconds since the epoch, when the answer began. */
  readonly at: number;
  /** The network card that was spoken of. */
  readonly mac: string | undefined;
  /** The first word of the path: `boot.ipxe`, `boot`, `firmware`, `deploy`, `media`, `report`; `other` for what there is not. */
  readonly what: string;
  /**
   * In a word: what firmware is told (`network`, `disk`, `media`, `wait`, or `failed`), which script a loader gets
   * (`deploy`, `local`); `unknown` for a card of no node. `undefined` for files and refusals.
   */
  readonly answer: string | undefined;
  /** Of `deploy` and `media` only. */
  readonly file: string | undefined;
  /** HTTP status: 403 for a client that is not the card that it speaks of. */
  readonly status: number;
  /** Of the answer's body. */
  readonly bytes: number;
}

/** An address at which a boot director answers. */
export interface BootListener {
  readonly address: string;
  readonly port: number;
  /** Drops its connections too. */
  close(): Promise<void>;
}

/**
 * Tells machines what to boot from the network, hands them the files and hears what comes of it:
 *
 *     GET  /boot.ipxe                  iPXE script that asks for the node's own
 *     GET  /boot/MAC                   the node's iPXE script
 *     GET  /firmware/MAC?boot=NAME     what firmware that asks at every boot shall do, as an iPXE script
 *     GET  /deploy/MAC/FILE            vmlinuz, initrd or disk.img, as that node was assigned them
 *     GET  /media/MAC/FILE             the image in one of that node's slots, or parts of it
 *     POST /report/MAC?token=TOKEN&stage=STAGE&KEY=VALUE…   a {@link BootReport}
 *
 * Nobody but a network card itself is told what its node boots.
 */
export interface BootDirector {
  /** The director's face, for tests without a network; without a caller it is this host that asks. */
  readonly fetch: (request: Request, caller?: Caller) => Promise<Response>;
  /**
   * The node's next network boot runs the deploy ramdisk.
   * @param mac - of any of the node's cards that may netboot
   * @param signal - once aborted, nothing is assigned any more
   * @returns the token of this run
   */
  assign(
    mac: string,
    assignment: { readonly kind: Assignment['kind'] },
    signal?: AbortSignal,
  ): Promise<string>;
  /** The node's network boots lead nowhere again, and its reports are forgotten. */
  clear(mac: string): Promise<void>;
  assignment(mac: string): Assignment | undefined;
  /** What the systems of the node's latest run have said, oldest first. */
  reports(mac: string): readonly BootReport[];
  /** @returns stops it */
  onReport(listener: (report: BootReport) => void): () => void;
  /**
   * Calls back for every request that was answered.
   * @returns stops it
   */
  onFetch(listener: (fetch: BootFetch) => void): () => void;
  /**
   * Answers at one more address.
   * @param port - 0 takes a free one
   * @throws QuintupleoError `BOOT_ADDRESS`
   */
  listen(address: string, port: number): Promise<BootListener>;
  /** Closes every listener, and stops the making of files. */
  close(): Promise<void>;
}

const mostConnections = 1024;
const mostDetails = 16;
const longestUrl = 2048;
const detailKey = /^[a-z][a-z0-9_-]{0,31}$/;
const longestDetail = 256;
const stageName = /^[a-z][a-z0-9-]{0,31}$/;
const bootName = /^[\w.:-]{1,64}$/;
const paths = new Set(['boot.ipxe', 'boot', 'firmware', 'deploy', 'media', 'report']);
/** What a request without a network behind it comes from. */
const thisHost: Caller = { address: '127.0.0.1', ownAddress: '127.0.0.1' };

/** Makes a boot director and reads what an earlier one left; it answers nowhere until told to listen. */
export async function createBootDirector(options: BootDirectorOptions): Promise<BootDirector> {
  const { nodeOf, log, clock = systemClock } = options;
  const assignments = await Assignments.open({
    document: options.document,
    clock,
    log,
    token: options.token,
  });
  const listeners = new Set<BootListener>();
  const closing = new AbortController();
  let making: Promise<DeployFiles> | undefined;
  /** One making for all who ask meanwhile. */
  const sharedDeployFiles = () => {
    making ??= options.deployFiles(closing.signal).finally(() => {
      making = undefined;
    });
    return making;
  };
  const desk = new FirmwareDesk(options.firmwareAsks ?? (async () => undefined), clock, log);
  const fetchListeners = new Set<(fetch: BootFetch) => void>();
  const app = new Hono<{ Bindings: { caller: Caller }; Variables: { answer: string | undefined } }>();

  app.use(async (context, next) => {
    await next();
    const fetched = fetchOf(context.req.path, context.res, context.get('answer'), clock.now());
    for (const listener of fetchListeners) listener(fetched);
  });

  app.use(async (context, next) => {
    if (context.req.url.length > longestUrl) return context.text('URL too long\n', 414);
    return next();
  });

  for (const path of ['/boot/:mac', '/firmware/:mac', '/deploy/:mac/:file', '/media/:mac/:file']) {
    app.use(path, async (context, next) => {
      const mac = parseMac(context.req.param('mac') ?? '');
      if (!mac || (await isCard(context.env.caller, mac, options.neighbours))) return next();
      log.warn(
        { mac, path, client: context.env.caller.address },
        'a client asks in the name of a card that it is not',
      );
      return context.text('this is told to that network card only\n', 403);
    });
  }

  for (const path of [
    '/boot/:mac',
    '/firmware/:mac',
    '/deploy/:mac/:file',
    '/media/:mac/:file',
    '/report/:mac',
  ]) {
    app.use(path, async (context, next) => {
      const mac = parseMac(context.req.param('mac') ?? '');
      const status = mac && (await options.hinder?.(mac, () => context.req.raw.signal));
      if (!status) return next();
      return context.text('fails on purpose\n', status as ContentfulStatusCode);
    });
  }

  app.get('/boot.ipxe', context => {
    const base = baseUrl(context.req.header('host'));
    return base ? answer(context, entryScript(base)) : context.text('what host is this?\n', 400);
  });

  app.get('/firmware/:mac', async context => {
    const mac = parseMac(context.req.param('mac'));
    const { boot = '', platform } = context.req.query();
    if (!mac || !bootName.test(boot)) return context.text('no MAC address or no name of a boot\n', 400);
    const node = nodeOf(mac);
    const reply = node === undefined ? 'unknown' : await desk.ask({ mac, boot });
    context.set('answer', typeof reply === 'string' ? reply : reply.kind);
    if (node === undefined || reply === 'unknown') {
      log.info({ mac, boot }, 'firmware of no node asks what to boot');
      return answer(context, politeAnswer(`${mac} is no node of a lab here`));
    }
    if (reply === 'failed')
      return answer(context, politeAnswer(`nobody can say now what ${node} shall boot`));
    log.info({ mac, node, boot, platform, answer: reply.kind }, 'firmware asks what to boot');
    return answer(context, answerScript(node, mac, reply));
  });

  app.get('/boot/:mac', async context => {
    const mac = parseMac(context.req.param('mac'));
    const base = baseUrl(context.req.header('host'));
    if (!mac || !base) return context.text('no MAC address or no host\n', 400);
    const node = nodeOf(mac);
    const assignment = assignments.get(mac);
    const deploys = assignment !== undefined && !assignment.done;
    context.set('answer', node === undefined ? 'unknown' : deploys ? 'deploy' : 'local');
    if (!node) {
      log.info({ mac }, 'a machine that is no node of a lab netboots');
      return context.text(`#!ipxe\necho quintupleo: ${mac} is no node of a lab here\nexit 1\n`, 404);
    }
    if (!deploys) {
      log.info({ mac, node }, 'netboots without an assignment');
      return answer(context, localBootScript(node));
    }
    log.info({ mac, node }, 'netboots into the deploy ramdisk');
    const script = deployScript(node, `${base}/deploy/${mac}`, deployArguments(mac, base, assignment));
    return answer(context, script);
  });

  app.get('/deploy/:mac/:file', async context => {
    const files = assignments.get(parseMac(context.req.param('mac')) ?? '')?.files;
    const path = files && pathOf(files, context.req.param('file'));
    return path ? fileResponse(path, context.req.raw) : context.text('no such file for this node\n', 404);
  });

  app.get('/media/:mac/:file', async context => {
    const mac = parseMac(context.req.param('mac'));
    const image = context.req.param('file');
    const path = mac && mediaName.test(image) ? options.mediaFile?.(mac, image) : undefined;
    return path ? fileResponse(path, context.req.raw) : context.text('no such image in this node\n', 404);
  });

  app.post('/report/:mac', async context => {
    const mac = parseMac(context.req.param('mac'));
    const { token = '', stage = '', ...rest } = context.req.query();
    if (!mac || !stageName.test(stage)) return context.text('no MAC address or no stage\n', 400);
    const detail: Record<string, string> = {};
    for (const [key, value] of Object.entries(rest).slice(0, mostDetails)) {
      if (detailKey.test(key)) detail[key] = printable(value).slice(0, longestDetail);
    }
    const taken = await assignments.report(mac, token, stage, detail);
    log.info({ mac, stage, detail, taken }, 'report');
    return taken ? context.body(null, 204) : context.text('not the token of a current run\n', 403);
  });

  app.onError((error, context) => {
    log.error({ path: context.req.path, reason: messageOf(error) }, 'a request failed');
    return context.text('failed\n', 500);
  });

  return {
    fetch: async (request, caller = thisHost) => app.fetch(request, { caller }),
    async assign(mac, { kind }, signal) {
      // Built before the node asks, so that the one who assigns hears why it cannot be done.
      const files = await sharedDeployFiles();
      signal?.throwIfAborted();
      return assignments.assign(mac, { kind, files });
    },
    clear: mac => assignments.clear(mac),
    assignment: mac => assignments.get(mac),
    reports: mac => assignments.reports(mac),
    onReport: listener => assignments.onReport(listener),
    onFetch(listener) {
      fetchListeners.add(listener);
      return () => fetchListeners.delete(listener);
    },
    async listen(address, port) {
      const fetch = (request: Request, { incoming }: HttpBindings | Http2Bindings) => {
        const { remoteAddress: client = '', localAddress: ownAddress = '' } = incoming.socket;
        return app.fetch(request, { caller: { address: client, ownAddress } });
      };
      const server = createAdaptorServer({ fetch, createServer }) as Server;
      // The name by which a client reached us may be no part of a URL: `[fe80::b:c%25net0]`. The header itself stays.
      server.prependListener('request', ({ headers }) => {
        headers.host = 'director';
      });
      server.maxConnections = mostConnections;
      await bind(server, address, port);
      const listener: BootListener = {
        address,
        port: (server.address() as AddressInfo).port,
        close: () =>
          new Promise(resolve => {
            listeners.delete(listener);
            server.close(() => resolve());
            server.closeAllConnections();
          }),
      };
      listeners.add(listener);
      return listener;
    },
    async close() {
      closing.abort();
      await Promise.all([...listeners].map(listener => listener.close()));
    },
  };
}

/** A script, with the length that its {@link BootFetch} tells. */
function answer(context: Context, script: string): Response {
  return context.text(script, 200, { 'content-length': String(Buffer.byteLength(script)) });
}

function fetchOf(path: string, response: Response, answer: string | undefined, at: number): BootFetch {
  const [, what = '', mac = '', file] = path.split('/', 4);
  return {
    at,
    mac: parseMac(mac),
    what: paths.has(what) ? what : 'other',
    answer,
    file: what === 'deploy' || what === 'media' ? file : undefined,
    status: response.status,
    bytes: Number(response.headers.get('content-length') ?? 0),
  };
}

function deployArguments(mac: string, base: string, assignment: Assignment): string {
  const { image } = assignment.files;
  return [
    kernelArguments,
    'quintupleo.stage=ramdisk',
    `quintupleo.mac=${mac}`,
    `quintupleo.report=${base}/report/${mac}?token=${assignment.token}`,
    `quintupleo.image=${base}/deploy/${mac}/disk.img`,
    `quintupleo.size=${image.size}`,
    `quintupleo.sha256=${image.sha256}`,
  ].join(' ');
}

function pathOf(files: DeployFiles, name: string): string | undefined {
  switch (name) {
    case 'vmlinuz':
      return files.kernel;
    case 'initrd':
      return files.ramdisk;
    case 'disk.img':
      return files.image.path;
    default:
      return undefined;
  }
}

/** Without what could steer the terminal on which it is shown. */
function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, ' ');
}

function bind(server: Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', error => {
      const why = systemCodeOf(error) === 'EADDRINUSE' ? 'something else listens there' : messageOf(error);
      reject(
        new QuintupleoError(`the boot director cannot listen on ${address} port ${port}: ${why}`, {
          family: 'platform',
          code: 'BOOT_ADDRESS',
          remedy: 'Stop what listens there, or choose another port.',
          cause: error,
        }),
      );
    });
    // What comes in later is no part of the request that has made the director's lab.
    onBehalfOf(undefined, () => server.listen(port, address, () => resolve()));
  });
}
