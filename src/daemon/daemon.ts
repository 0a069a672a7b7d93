import { randomBytes } from 'node:crypto';
import { readFile, rm, rmdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { commands } from '../bmc/ipmi/commands/index.ts';
import { CommandTable } from '../bmc/ipmi/dispatch.ts';
import { DropCounter } from '../bmc/ipmi/drops.ts';
import { IpmiServer } from '../bmc/ipmi/ipmi-server.ts';
import { systemRandom } from '../bmc/ipmi/random.ts';
import { SolEndpoint } from '../bmc/ipmi/sol.ts';
import { deployFiles } from '../boot/deploy-files.ts';
import { createBootDirector } from '../boot/director.ts';
import { firmwareImage } from '../boot/firmware-image.ts';
import { sharedFirmware } from '../boot/firmware-source.ts';
import { Faults } from '../faults/faults.ts';
import type { LabSpec } from '../node/spec.ts';
import { fingerprintOf } from '../support/certificate.ts';
import { systemClock } from '../support/clock.ts';
import { fileDocument } from '../support/document.ts';
import { systemCodeOf } from '../support/errors.ts';
import { createLog, type Logger } from '../support/log.ts';
import type { Paths } from '../support/paths.ts';
import { currentRequest } from '../support/request-scope.ts';
import { version } from '../support/version.ts';
import { ensureBmcAddresses } from './bmc-addresses.ts';
import { BootService, ownerOf } from './boot-service.ts';
import { type ControlParts, controlApi } from './control-api.ts';
import { lockState, serveControl } from './control-server.ts';
import { Drivers } from './drivers.ts';
import { bootHindrance } from './faults/boot-faults.ts';
import { cloudHindrance } from './faults/cloud-faults.ts';
import { faultHappening } from './faults/lab-faults.ts';
import { Labs } from './labs.ts';
import { LinkLocalAddresses } from './link-local.ts';
import { daemonIdentity, serveAsService } from './service-control.ts';
import { TcpReservations } from './tcp-reservations.ts';
import { Traffic, watchIdle } from './traffic.ts';
import { BootStages } from './watch/boot-stages.ts';
import { Happenings } from './watch/happenings.ts';
import { notifyFor } from './watch/lab-notifications.ts';
import { Metrics } from './watch/metrics.ts';
import { Timeline } from './watch/timeline.ts';
import { Tracing } from './watch/tracing.ts';
import { NodeWatch } from './watch/watch-stream.ts';
import { WatchedNodes } from './watch/watched-nodes.ts';
import { Dashboard, type WebPlace } from './web/dashboard.ts';

/** How a daemon is run. */
export interface DaemonOptions {
  readonly paths: Paths;
  readonly logLevel: string;
  /** Takes the place of a log on standard error. */
  readonly log?: Logger | undefined;
  /** Ends the daemon; labs stay as they are. */
  readonly signal: AbortSignal;
  /** Ends by itself, and takes its own files along, when it has had no lab for a while. */
  readonly idleExit: boolean;
  /** Where the dashboard listens from the beginning; `undefined`: when it is asked for, on the loopback interface. */
  readonly web?: WebPlace | undefined;
  /** Lets another daemon command this one, which serves labs for it. */
  readonly remote?:
    | {
        readonly port: number;
        readonly manager: string;
        /** As whose its labs are tagged. */
        readonly owner: string | undefined;
      }
    | undefined;
  /** Called when everything answers. */
  readonly onReady?: (() => void) | undefined;
}

/** What the daemon keeps of itself. */
interface KeptDaemon {
  /** TCP port of the boot director: machines and DHCP servers that outlive the daemon know it. */
  readonly bootPort: number;
  /** Names this daemon among those who make labs in one project of a cloud. */
  readonly owner: string;
  /** The kernel's id of the host's boot, by which a power loss is noticed. */
  readonly hostBoot: string;
}

const preferredBootPort = 8623;

/**
 * Serves all labs of a state directory until told to stop.
 * @throws QuintupleoError `DAEMON_RUNS` when another daemon does
 */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  const { stateDirectory, runtimeDirectory, cacheDirectory, controlSocket } = options.paths;
  await using _lock = await lockState(stateDirectory);
  const log = options.log ?? createLog(options.logLevel);
  const kept = fileDocument<KeptDaemon>(join(stateDirectory, 'daemon.json'));
  const before = await kept.read();
  const hostBoot = await readHostBoot();
  const bootPort = before?.bootPort ?? (await freeTcpPort(preferredBootPort));
  const owner = options.remote?.owner ?? before?.owner ?? randomBytes(6).toString('hex');
  await kept.write({ bootPort, owner, hostBoot });

  const happenings = new Happenings();
  const faults = new Faults(systemClock);
  faults.listen(news => happenings.tell(faultHappening(news)));
  const timeline = new Timeline(happenings, systemClock);
  new Tracing(happenings, systemClock);
  const stages = new BootStages((lab, node) => watch.touch(lab, node));
  const specs = new Map<string, LabSpec>();
  const director = await createBootDirector({
    nodeOf: mac => ownerOf(specs, mac)?.node,
    deployFiles: signal => deployFiles({ cache: cacheDirectory, signal }),
    firmwareAsks: question => boot.firmwareAsks(question),
    mediaFile: (mac, image) => boot.mediaFile(mac, image),
    hinder: bootHindrance(faults, mac => ownerOf(specs, mac), systemClock),
    document: fileDocument(join(stateDirectory, 'assignments.json')),
    log,
  });
  const boot: BootService = new BootService({
    director,
    labs: specs,
    port: bootPort,
    linkLocal: new LinkLocalAddresses(fileDocument(join(stateDirectory, 'link-local.json'))),
    clock: systemClock,
    log,
  });
  const drops = new DropCounter();
  const server = new IpmiServer(log);
  const reservations = new TcpReservations();
  const drivers = new Drivers({
    stateDirectory,
    runtimeDirectory,
    owner,
    bootPort,
    firmwareImage: sharedFirmware(
      (kind, signal) => firmwareImage(kind, { cache: cacheDirectory, signal }),
      systemClock,
    ),
    service: {
      image: async signal => {
        const { buildServiceImage } = await import('../appliance/image.ts');
        return buildServiceImage({ cache: cacheDirectory, signal });
      },
      manager: async () => fingerprintOf((await daemonIdentity(stateDirectory, Date.now())).certificate),
    },
    hindranceOf: lab => cloudHindrance(faults, lab, systemClock),
    onCloudCall: call => happenings.tell({ type: 'cloud', call, request: currentRequest() }),
    clock: systemClock,
    log,
  });
  const table = new CommandTable(commands);
  const metrics = new Metrics(happenings, {
    version,
    ipmiCommands: () => table.counts(),
    dropped: () => drops.counts,
    bootFetches: () => boot.fetchCounts(),
    sessions: () => labs.sessions,
    nodes: () => nodes.all(),
  });
  const labs: Labs = new Labs({
    happenings,
    onGone: lab => notifications.forget(lab),
    onRedfishAnswer: answered => metrics.redfishAnswered(answered),
    timeline,
    faults,
    stages,
    touched: (lab, node) => watch.touch(lab, node),
    stateDirectory,
    drivers,
    clock: systemClock,
    log,
    boot,
    bmcs: {
      server,
      environment: {
        commands: table,
        createSol: bmc => new SolEndpoint(bmc),
        clock: systemClock,
        random: systemRandom,
        log,
        drops,
      },
    },
    reservations,
    identity: () => daemonIdentity(stateDirectory, Date.now()),
    prepare: options.remote && ensureBmcAddresses,
    powerLost: before !== undefined && before.hostBoot !== hostBoot,
  });
  const nodes = new WatchedNodes(labs, {
    stageOf: (lab, node) => stages.of(lab, node),
    faultsOf: (lab, node) => faults.view(lab, node).live.map(({ fault }) => fault.kind),
  });
  const watch = new NodeWatch({
    happenings,
    timeline,
    clock: systemClock,
    nodes: () => nodes.all(),
    node: (lab, name) => nodes.one(lab, name),
  });
  const notifications = notifyFor(labs, happenings, { stateDirectory, clock: systemClock, log });
  await labs.open();

  const stop = new AbortController();
  const startedAt = Date.now();
  const parts: ControlParts = {
    labs,
    boot,
    timeline,
    metrics,
    watched: { nodes, watch },
    web: () => dashboard.access(),
    clock: systemClock,
    log,
    status: () => ({
      version,
      endsWhenIdle: options.idleExit,
      pid: process.pid,
      startedAt,
      stateDirectory,
      dropped: { ...drops.counts },
      cloudCalls: drivers.cloudCalls(),
      bootFetches: boot.fetchCounts(),
    }),
    stop: () => stop.abort(),
  };
  const serialOf = (lab: string, node: string) => labs.get(lab).nodes.node(node).serial;
  const traffic = new Traffic(systemClock);
  const shared = { api: controlApi(parts), serialOf, remoteOf: (lab: string) => labs.get(lab).remote, log };
  const dashboard = new Dashboard({
    ...shared,
    labs: () => labs.list(),
    watch,
    screenOf: (lab, node, signal) => labs.get(lab).nodes.screen(node, signal),
    identity: () => daemonIdentity(stateDirectory, Date.now()),
    metricsToken: join(stateDirectory, 'metrics-token'),
    clock: systemClock,
  });
  if (options.web) await dashboard.open(options.web);
  const control = await serveControl(controlSocket, { ...shared, traffic });
  const remote =
    options.remote && (await serveAsService(options.remote, { parts, serialOf, stateDirectory }));
  log.info({ pid: process.pid, stateDirectory, bootPort, labs: labs.size }, 'serving');
  options.onReady?.();

  const idle = options.idleExit ? watchIdle(labs, traffic, systemClock, () => stop.abort()) : undefined;
  await ended(AbortSignal.any([options.signal, stop.signal]));
  idle?.cancel();
  await dashboard[Symbol.asyncDispose]();
  await control[Symbol.asyncDispose]();
  await remote?.[Symbol.asyncDispose]();
  const empty = labs.size === 0;
  await labs.close();
  await notifications[Symbol.asyncDispose]();
  await drivers[Symbol.asyncDispose]();
  await server.close();
  await reservations[Symbol.asyncDispose]();
  await director.close();
  await rm(controlSocket, { force: true });
  log.info('stopped');
  if (empty && options.idleExit) await removeTraces(options.paths);
}

/** A daemon without labs has nothing to remember: what it leaves is as if it had never been. */
async function removeTraces({ stateDirectory, runtimeDirectory, daemonLog }: Paths): Promise<void> {
  const files = [
    join(stateDirectory, 'daemon.json'),
    join(stateDirectory, 'assignments.json'),
    join(stateDirectory, 'identity.json'),
    join(stateDirectory, 'metrics-token'),
    daemonLog,
  ];
  for (const file of files) await rm(file, { force: true });
  // Only folders that nothing else is in: somebody may have pointed us to one of their own.
  for (const folder of [join(stateDirectory, 'labs'), runtimeDirectory, stateDirectory]) {
    await rmdir(folder).catch((error: unknown) => {
      if (!['ENOENT', 'ENOTEMPTY', 'EEXIST', 'EBUSY'].includes(systemCodeOf(error) ?? '')) throw error;
    });
  }
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function readHostBoot(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}

/** A TCP port that is free on every address of the host: the preferred one if it can be had. */
async function freeTcpPort(preferred: number): Promise<number> {
  return (await tryTcpPort(preferred)) ?? (await tryTcpPort(0)) ?? preferred;
}

function tryTcpPort(port: number): Promise<number | undefined> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}
