import type { Fault } from '../faults/fault.ts';
import type { LabSpec } from '../node/spec.ts';
import type { ExportFile } from './exports.ts';

/** A lab file that has been read: every default filled in, every secret resolved. What the daemon is told. */
export interface LabDefinition {
  readonly spec: LabSpec;
  readonly driver: DriverChoice;
  /** By node name; every node of `spec` has one. */
  readonly bmcs: Readonly<Record<string, BmcDefinition>>;
  /** `undefined`: there is no Redfish, as in a lab that an earlier version made. */
  readonly redfish?: RedfishDefinition | undefined;
  /** Who is told of what happens to its nodes; `undefined`: nobody. */
  readonly notify?: NotifyDefinition | undefined;
  /** Absolute path of the file, for messages. */
  readonly source: string;
  /** Files that `up` writes for tools. */
  readonly exports?: readonly ExportFile[] | undefined;
  /** What is wrong on purpose, from when the lab is served. */
  readonly faults?: readonly LabFault[] | undefined;
}

/** A fault that a lab file asks for. */
export interface LabFault {
  /** Names; `undefined`: all. */
  readonly nodes: readonly string[] | undefined;
  readonly fault: Fault;
  /** Milliseconds after which it is lifted by itself; `undefined`: when it is told to. */
  readonly duration?: number | undefined;
  readonly seed?: number | undefined;
}

/** Which driver makes the machines, and its options. */
export type DriverChoice =
  | {
      readonly name: 'qemu';
      /** `auto` uses KVM where a machine runs under it. */
      readonly accel: 'auto' | 'kvm' | 'tcg';
      /** `auto` makes bridges where it may, else uses QEMU's user networking. */
      readonly networking: 'auto' | 'bridge' | 'user';
    }
  | {
      readonly name: 'openstack';
      /** Name of a cloud in `clouds.yaml`; `undefined`: as the environment says. */
      readonly cloud?: string | undefined;
      readonly region?: string | undefined;
      /** Milliseconds between two questions to the cloud while nothing moves. */
      readonly pollInterval: number;
      /**
       * Where the user who read the file has clouds described: OpenStack's variables, home and current directory. May
       * hold secrets.
       */
      readonly environment?:
        | { readonly env: Readonly<Record<string, string>>; readonly home: string; readonly cwd: string }
        | undefined;
    }
  | {
      readonly name: 'simulated';
      /** Milliseconds that a transition takes. */
      readonly latency: number;
      /** Share of driver calls that fail with a transient error, 0 to 1. */
      readonly faultRate: number;
      /** Seed of the faults, so that a run can be had again. */
      readonly seed: number;
    };

/** A user of a BMC. */
export interface UserDefinition {
  readonly name: string;
  /** `undefined`: generated once and kept by the daemon. */
  readonly password: string | undefined;
  readonly privilege: 'callback' | 'user' | 'operator' | 'administrator';
}

/** One node's BMC. */
export interface BmcDefinition {
  readonly users: readonly UserDefinition[];
  readonly ipmi: {
    readonly address: string;
    /** `undefined`: the daemon takes a free one and keeps it. */
    readonly port: number | undefined;
    readonly cipherSuites: readonly number[];
    readonly ipmi15: boolean;
    /** Two-key login: hexadecimal, at most 40 digits. */
    readonly kg: string | undefined;
    readonly sessionTimeout: number;
    readonly maximumSessions: number;
    readonly channelPrivilege: 'callback' | 'user' | 'operator' | 'administrator';
  };
  /** Where this node's own Redfish service listens; `undefined`: it has none. */
  readonly redfish?: EndpointDefinition | undefined;
}

/** Where a service listens. */
export interface EndpointDefinition {
  readonly address: string;
  /** `undefined`: the daemon takes a free one and keeps it. */
  readonly port: number | undefined;
}

/** The Redfish services of a lab: what they have in common, and the one that shows all nodes. */
export interface RedfishDefinition {
  /** The service that shows all of the lab's nodes; `undefined`: there is none. */
  readonly service: (EndpointDefinition & { readonly users: readonly UserDefinition[] }) | undefined;
  readonly tls: boolean;
  /** By which clients know the services: PEM. `undefined`: made by the daemon and kept. */
  readonly identity: { readonly certificate: string; readonly key: string } | undefined;
  /** Milliseconds of silence after which a session has ended. */
  readonly sessionTimeout: number;
  /** Where clients may have images fetched from and events sent to; `undefined`: almost everywhere. */
  readonly destinations: readonly string[] | undefined;
  /** Bytes of the largest image. */
  readonly mediaLimit: number;
}

/** Who is told of what happens to a lab's nodes. */
export interface NotifyDefinition {
  readonly webhooks: readonly WebhookDefinition[];
  readonly traps: readonly TrapDefinition[];
  readonly file: EventFileDefinition | undefined;
  /** Where webhooks may lead; `undefined`: almost everywhere. */
  readonly destinations: readonly string[] | undefined;
}

/** A receiver to which events are posted. */
export interface WebhookDefinition {
  /** HTTP or HTTPS. */
  readonly url: string;
  /** By which they are signed; `undefined`: they are not. */
  readonly secret: string | undefined;
  /** The least that is told. */
  readonly severity: 'ok' | 'warning' | 'critical';
  readonly verifyCertificate: boolean;
}

/** A receiver of platform event traps. */
export interface TrapDefinition {
  /** IPv4. */
  readonly address: string;
  readonly port: number;
  readonly community: string;
  /** The least that is told. */
  readonly severity: 'ok' | 'warning' | 'critical';
}

/** A file to which events are appended. */
export interface EventFileDefinition {
  /** Absolute; `undefined`: in the daemon's folder of the lab. */
  readonly path: string | undefined;
  /** Bytes that it may have. */
  readonly size: number;
  /** How many full files are kept besides. */
  readonly keep: number;
}
