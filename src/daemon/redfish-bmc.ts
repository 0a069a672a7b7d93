import type { AccountStore } from '../bmc/account-store.ts';
import { allSensors, thresholdsOfRaw } from '../bmc/ipmi/sensor-model.ts';
import type { MediaSource } from '../bmc/redfish/media/media-source.ts';
import type { RedfishBmc } from '../bmc/redfish/model.ts';
import type { BmcSettings } from '../bmc/redfish/settings.ts';
import type { Node } from '../node/node.ts';
import type { SensorSpec, Thresholds } from '../node/sensors.ts';
import type { KeptValue } from '../support/kept-value.ts';
import type { BmcEndpoint } from './bmc-endpoint.ts';

/** What a node's BMC is made of, as Redfish sees it. */
export interface RedfishBmcParts {
  readonly lab: string;
  readonly node: Node;
  /** The driver's name. */
  readonly driver: string;
  readonly settings: KeptValue<BmcSettings>;
  /** What it shares with IPMI. */
  readonly bmc: Pick<BmcEndpoint, 'accounts' | 'memory' | 'ipmi'>;
  /** Where its own service listens, as it is now. */
  readonly redfish: () => RedfishBmc['redfish'];
  readonly media: MediaSource;
}

/** A node's BMC as Redfish shows it: the same accounts, clock and event log that IPMI has. */
export class NodeBmc implements RedfishBmc, Disposable {
  readonly #parts: RedfishBmcParts;
  readonly #stopWatching: () => void;
  #changes = 0;

  constructor(parts: RedfishBmcParts) {
    this.#parts = parts;
    this.#stopWatching = parts.node.onChange(() => {
      this.#changes++;
    });
  }

  get id(): string {
    return this.node.spec.name;
  }

  get lab(): string {
    return this.#parts.lab;
  }

  get node(): Node {
    return this.#parts.node;
  }

  get driver(): string {
    return this.#parts.driver;
  }

  /** Each of its parts only ever grows, so their sum tells of a change of any. */
  get revision(): number {
    const { settings, bmc } = this.#parts;
    const { accounts, memory } = bmc;
    return this.#changes + accounts.revision + memory.revision + settings.revision;
  }

  get settings(): KeptValue<BmcSettings> {
    return this.#parts.settings;
  }

  get accounts(): AccountStore {
    return this.#parts.bmc.accounts;
  }

  get clockOffset(): RedfishBmc['clockOffset'] {
    const { memory } = this.#parts.bmc;
    return { value: memory.value.clockOffset, set: clockOffset => memory.change({ clockOffset }) };
  }

  thresholds({ name }: SensorSpec): Thresholds | undefined {
    const sensor = allSensors.find(one => one.kind === 'analog' && one.name === name);
    const raw = sensor && this.#parts.bmc.memory.value.thresholds[sensor.number];
    return raw && sensor.kind === 'analog' ? thresholdsOfRaw(sensor, raw) : undefined;
  }

  get ipmi(): RedfishBmc['ipmi'] {
    const { address, port } = this.#parts.bmc.ipmi.settings;
    return { address, port };
  }

  get redfish(): RedfishBmc['redfish'] {
    return this.#parts.redfish();
  }

  get media(): MediaSource {
    return this.#parts.media;
  }

  restart(): void {
    this.#parts.bmc.ipmi.reset('cold');
  }

  /** Calls back when the controller starts anew, whichever face was asked for it. */
  onRestart(listener: () => void): void {
    this.#parts.bmc.ipmi.onColdReset(listener);
  }

  [Symbol.dispose](): void {
    this.#stopWatching();
  }
}
