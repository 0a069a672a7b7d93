import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { type Clock, systemClock } from '../support/clock.ts';
import type { Document } from '../support/document.ts';
import { messageOf, QuintupleoError, systemCodeOf } from '../support/errors.ts';
import type { Logger } from '../support/log.ts';
import { type Assignment, Assignments, type BootReport, type SavedAssignments } from './assignments.ts';
import { type DeployFiles, kernelArguments } from './deploy-files.ts';
import { fileResponse } from './file-response.ts';
import { baseUrl, deployScript, entryScript, localBootScript, parseMac } from './ipxe-scripts.ts';

/** What a boot director needs from outside. */
export interface BootDirectorOptions {
  /** The name of the node that has this network card; `undefined` for a card that is no node's. */
  readonly nodeOf: (mac: string) => string | undefined;
  /** Makes the files for a deployment or finds them; called again once it has ended. */
  readonly deployFiles: (signal: AbortSignal) => Promise<DeployFiles>;
  readonly document: Document<SavedAssignments>;
  readonly log: Logger;
  readonly clock?: Clock | undefined;
  readonly token?: (() => string) | undefined;
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
 *     GET  /deploy/MAC/FILE            vmlinuz, initrd or disk.img, as that node was assigned them
 *     POST /report/MAC?token=TOKEN&stage=STAGE&KEY=VALUE…   a {@link BootReport}
 */
export interface BootDirector {
  /** The director's face, for tests without a network. */
  readonly fetch: (request: Request) => Promise<Response>;
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

/** Makes a boot director and reads what an earlier one left; it answers nowhere until told to listen. */
export async function createBootDirector(options: BootDirectorOptions): Promise<BootDirector> {
  const { nodeOf, log } = options;
  const assignments = await Assignments.open({
    document: options.document,
    clock: options.clock ?? systemClock,
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
  const app = new Hono();

  app.use(async (context, next) => {
    if (context.req.url.length > longestUrl) return context.text('URL too long\n', 414);
    return next();
  });

  app.get('/boot.ipxe', context => {
    const base = baseUrl(context.req.header('host'));
    return base ? context.text(entryScript(base)) : context.text('what host is this?\n', 400);
  });

  app.get('/boot/:mac', async context => {
    const mac = parseMac(context.req.param('mac'));
    const base = baseUrl(context.req.header('host'));
    if (!mac || !base) return context.text('no MAC address or no host\n', 400);
    const node = nodeOf(mac);
    if (!node) {
      log.info({ mac }, 'a machine that is no node of a lab netboots');
      return context.text(`#!ipxe\necho quintupleo: ${mac} is no node of a lab here\nexit 1\n`, 404);
    }
    const assignment = assignments.get(mac);
    if (!assignment || assignment.done) {
      log.info({ mac, node }, 'netboots without an assignment');
      return context.text(localBootScript(node));
    }
    log.info({ mac, node }, 'netboots into the deploy ramdisk');
    return context.text(deployScript(node, `${base}/deploy/${mac}`, deployArguments(mac, base, assignment)));
  });

  app.get('/deploy/:mac/:file', async context => {
    const files = assignments.get(parseMac(context.req.param('mac')) ?? '')?.files;
    const path = files && pathOf(files, context.req.param('file'));
    return path ? fileResponse(path, context.req.raw) : context.text('no such file for this node\n', 404);
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
    fetch: async request => app.fetch(request),
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
    async listen(address, port) {
      const server = createAdaptorServer({ fetch: app.fetch, createServer }) as Server;
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
    server.listen(port, address, () => resolve());
  });
}
