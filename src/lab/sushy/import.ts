import { QuintupleoError } from '../../support/errors.ts';
import {
  type ImportedLab,
  type ImportedValue,
  importHeading,
  ipv4InPlaceOf,
  isElsewhere,
  type LostValue,
} from '../imported.ts';
import { withId } from '../lab-id.ts';
import { type LabComment, labelOf, labText } from '../lab-text.ts';
import type { LibvirtDomain } from '../libvirt-domain.ts';
import { type Machine, machineParts } from '../libvirt-machines.ts';
import { type PythonAssignments, type PythonValue, readAssignments } from './python-literals.ts';
import { settingName, settingPrefix, sushySettings } from './settings.ts';

/** What is imported. */
export interface SushySource {
  /** The configuration file's text, which is Python. */
  readonly config: string;
  /** Systems that the emulator shows and its configuration does not name. */
  readonly systems: readonly string[];
  /** What libvirt says of the machines, as far as that is known. */
  readonly domains: readonly LibvirtDomain[];
  /** Name of the lab. */
  readonly name: string;
  readonly id?: string | undefined;
  /** The file's name, for the heading. */
  readonly file: string;
}

type Settings = Readonly<Record<string, PythonValue>>;

/** Where sushy-emulator listens unless it is told. */
const usual = { address: '127.0.0.1', port: 8000 } as const;

/**
 * Makes a lab file of what sushy-emulator is configured with: nodes with the names of its systems, at the same address and
 * port. The machines are new ones; those of libvirt are left as they are.
 * @throws QuintupleoError `SUSHY_CONFIG_UNUSABLE` where the systems are not libvirt's or made up, or are not known
 */
export function importSushy(source: SushySource): ImportedLab {
  const assignments = readAssignments(source.config);
  const settings = settingsOf(assignments);
  const isFake = settings.FAKE_DRIVER === true;
  const machines = isFake ? fakeSystems(settings) : libvirtSystems(settings, source);
  const parts = machineParts(machines);
  const { redfish, comments } = redfishOf(settings);
  const notMapped = lostOf(assignments, isFake);
  const content = {
    lab: withId(labelOf(source.name), source.id),
    driver: isFake ? 'simulated' : 'qemu',
    networks: parts.networks,
    nodes: parts.nodes,
    redfish,
    bmc: { redfish: false },
  };
  const heading = importHeading(
    [
      `Made of sushy-emulator's ${source.file} by "quintupleo import sushy-tools".`,
      'Stop sushy-emulator before "quintupleo up": both would listen on the same port.',
      'Every client logs in here: "quintupleo credentials" shows how.',
    ],
    notMapped,
  );
  return {
    text: labText(
      content,
      [
        ...parts.comments,
        ...comments,
        [['bmc', 'redfish'], 'Nodes have no Redfish service of their own: the one above shows them all'],
      ],
      heading,
    ),
    mapped: mappedOf(assignments, isFake),
    notMapped,
  };
}

function settingsOf({ values }: PythonAssignments): Settings {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [settingName(name), value]));
}

function fakeSystems({ FAKE_SYSTEMS: given }: Settings): readonly Machine[] {
  const systems = Array.isArray(given) ? given.filter(isMapping) : [{ name: 'fake' }];
  return systems.map((system: Readonly<Record<string, PythonValue>>) => {
    const name = String(system.name ?? system.uuid);
    const cards = Array.isArray(system.nics) ? system.nics.filter(isMapping) : [];
    const nics = cards.flatMap(({ mac }) =>
      typeof mac === 'string' ? [{ mac: mac.toLowerCase(), network: 'provisioning' }] : [],
    );
    const size = { cpus: 1, memory: 2 ** 30, firmware: 'bios', disks: 1 } as const;
    return { name, domain: { name, uuid: undefined, ...size, nics } };
  });
}

function libvirtSystems(settings: Settings, { systems, domains }: SushySource): readonly Machine[] {
  const allowed = settings.ALLOWED_INSTANCES;
  const listed = Array.isArray(allowed) ? allowed.map(String) : [];
  if (settings.OS_CLOUD) {
    const cloud = String(settings.OS_CLOUD);
    const names = [...listed, ...systems].join(' ') || 'NAME...';
    throw unusable(
      'it shows instances of an OpenStack cloud',
      `Adopt them, whose cards and disks the cloud knows: quintupleo adopt ${names} --cloud ${cloud} -o lab.yaml`,
    );
  }
  if (settings.IRONIC_CLOUD) {
    throw unusable('it shows nodes of an Ironic', 'They have BMCs already, which a tool can use itself.');
  }
  const named = [...listed, ...systems];
  if (named.length === 0) named.push(...domains.map(({ name }) => name));
  if (named.length === 0) {
    throw unusable(
      'it does not say which domains of libvirt it shows',
      'Name them with --system, or give --domains FOLDER, such as /etc/libvirt/qemu.',
    );
  }
  return named.map(one => {
    const domain = domains.find(({ name, uuid }) => name === one || uuid === one);
    return { name: domain?.name ?? one, domain };
  });
}

function redfishOf(settings: Settings): {
  readonly redfish: object;
  readonly comments: readonly LabComment[];
} {
  const { LISTEN_IP: ip, LISTEN_PORT: port, SSL_CERT: certificate, SSL_KEY: key } = settings;
  // Only with both does it use TLS.
  const hasTls = typeof certificate === 'string' && typeof key === 'string';
  const comments: LabComment[] = [];
  if (!hasTls)
    comments.push([['redfish', 'tls'], 'As there. Leave it away for TLS, which makes a certificate']);
  else if (!certificate.startsWith('/') || !key.startsWith('/')) {
    comments.push([['redfish', 'certificate'], 'Check: paths are relative to this file']);
  }
  return {
    redfish: {
      address: typeof ip === 'string' ? ipv4InPlaceOf(ip) : usual.address,
      port: typeof port === 'number' ? port : usual.port,
      ...(hasTls ? { certificate: { file: certificate }, key: { file: key } } : { tls: false }),
    },
    comments,
  };
}

function mappedOf({ values }: PythonAssignments, isFake: boolean): readonly ImportedValue[] {
  return Object.entries(values).flatMap(([parameter, value]) => {
    const fate = fateOf(parameter);
    const isUsed = value !== null && !isIdle(parameter, isFake);
    return isUsed && fate && 'to' in fate ? [{ parameter, value, to: fate.to }] : [];
  });
}

function lostOf({ values, unreadable }: PythonAssignments, isFake: boolean): readonly LostValue[] {
  const { LISTEN_IP: ip, SSL_CERT, SSL_KEY } = settingsOf({ values, unreadable });
  const elsewhere = typeof ip === 'string' && isElsewhere(ip);
  const halfTls = (SSL_CERT ?? null) === null || (SSL_KEY ?? null) === null;
  return [
    ...Object.entries(values).flatMap(([parameter, value]) => {
      const fate = fateOf(parameter);
      if (value === null) return [];
      if (isIdle(parameter, isFake)) return [{ parameter, why: 'the driver that is chosen does not use it' }];
      if (fate === undefined) return [{ parameter, why: 'not a setting of sushy-emulator' }];
      if ('why' in fate) return [{ parameter, why: fate.why }];
      if (fate.to === 'redfish.address' && elsewhere) {
        return [{ parameter, why: `services listen on IPv4: it is 127.0.0.1 instead of ${ip}` }];
      }
      if (/^redfish\.(certificate|key)$/.test(fate.to) && halfTls) {
        return [{ parameter, why: 'sushy-emulator uses TLS only with both a certificate and a key' }];
      }
      return [];
    }),
    ...unreadable.map(({ line, name }) => ({
      parameter: name ?? `line ${line}`,
      why: 'not a plain value; the file is read and not run',
    })),
  ];
}

/** Whether a setting is of a driver that is not the chosen one. */
function isIdle(parameter: string, isFake: boolean): boolean {
  const name = settingName(parameter);
  return isFake ? name === 'ALLOWED_INSTANCES' : name === 'FAKE_SYSTEMS' || name === 'FAKE_DRIVER';
}

function fateOf(parameter: string) {
  const isKnown = parameter.startsWith(settingPrefix) || parameter.startsWith('EXTERNAL_');
  const name = settingName(parameter);
  return isKnown && Object.hasOwn(sushySettings, name) ? sushySettings[name] : undefined;
}

function isMapping(value: PythonValue): value is Readonly<Record<string, PythonValue>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unusable(what: string, remedy: string): QuintupleoError {
  return new QuintupleoError(`sushy-emulator's configuration cannot become a lab file: ${what}`, {
    family: 'config',
    code: 'SUSHY_CONFIG_UNUSABLE',
    remedy,
  });
}
