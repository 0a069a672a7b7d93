import { type IpmiCommand, NetFn } from './command.ts';
import { bootOptionParameters } from './commands/boot-options.ts';
import { commands } from './commands/index.ts';
import { lanParameters } from './commands/lan.ts';
import type { Parameter } from './commands/parameters.ts';
import { solParameters } from './commands/sol.ts';
import { systemInfoParameters } from './commands/system-info.ts';
import { allSensors } from './sensor-model.ts';

const groups: readonly (readonly [netFn: number, title: string])[] = [
  [NetFn.chassis, 'Chassis'],
  [NetFn.sensor, 'Sensor and event'],
  [NetFn.app, 'Application'],
  [NetFn.storage, 'Storage'],
  [NetFn.transport, 'Transport'],
  [NetFn.groupExtension, 'DCMI'],
];

/** What a command does here that its name does not tell. */
const notes: Readonly<Record<string, string>> = {
  'Get Chassis Status': 'Observed power. C0h (busy) until the machine has been seen for the first time.',
  'Chassis Control': 'D5h in the wrong state, D6h if the driver cannot do it, C0h if it cannot be done now.',
  'Set Front Panel Button Enables': 'There are no buttons: D6h for disabling one.',
  'Get POH Counter': 'Counts minutes.',
  'Platform Event Message': 'Becomes an event log record.',
  'Get Device ID': 'Manufacturer 0: unspecified.',
  'Cold Reset':
    'Sessions end 0.2 s after the answer; nothing is answered for 2 s from then on. The machine is left alone.',
  'Warm Reset': 'The same, for 0.5 s.',
  'Get Device GUID': 'The node’s UUID.',
  'Get System GUID': 'The node’s UUID.',
  'Set ACPI Power State': 'Power is observed: only what is so can be said.',
  'Set BMC Global Enables': 'The event log cannot be switched off; there is nothing else to switch on.',
  'Set Channel Access':
    'The privilege limit, up to the lab file’s. Neither authentication nor the channel can be switched off.',
  'Set User Name': 'Users of the lab file keep their names.',
  'Set User Password': '16 or 20 bytes.',
  'Activate Payload': 'SOL, one instance; what privilege it needs is SOL parameter 2’s to say.',
  'Deactivate Payload': 'From another session too.',
  'Write FRU Data': '80h: write-protected.',
  'Set SEL Time': 'Kept as an offset to the host’s clock.',
  'Set SEL Time UTC Offset': 'The log is in UTC: 0 only.',
  'Set LAN Configuration Parameters': '82h for what the lab file says.',
  'Get Power Reading': 'Least, most and mean are those of the one reading.',
  'Close Session': 'Another user’s session for administrators only.',
};

/** What a BMC's IPMI face serves, as Markdown. */
export function ipmiDocs(): string {
  return `# IPMI

What every node’s BMC answers over IPMI 2.0 (RMCP+, cipher suites 1, 2, 3, 15, 16, 17) and, if the lab file allows it,
over IPMI 1.5 with MD5. Suite 0, which asks for no password, is never granted. Presence pings, Get Session Challenge and
Activate Session are answered below the commands of these tables.
This page is made from the program by \`scripts/generate-docs.js\`.

Anything else is answered C1h (invalid command), a privilege that is not enough D4h, a request of another length C7h.
Privileges are those of the specification’s appendix G; “none” may be asked outside a session. Not served: platform event
filtering, alerts, bridging, IPv6 parameters, serial channels, the firmware firewall, PICMG and VSO extensions.

## Clients

Tested with the real programs in \`test/acceptance/ipmi\`, on simulated nodes, and the first two on QEMU machines too:

- ipmitool 1.8.19, with every command that ironic’s \`ipmitool\` driver runs;
- FreeIPMI 1.6.10: ipmipower, ipmi-chassis, ipmi-sel, ipmi-sensors, ipmi-fru, ipmi-dcmi, ipmi-raw, ipmi-config, bmc-info,
  bmc-device, ipmiconsole;
- ipmiutil 3.1.8, which cannot do cipher suite 17;
- pyghmi 1.5.34.

All of them with cipher suites 3 and 17 and over IPMI 1.5 as far as they can; serial over LAN with each of them.

${groups.map(([netFn, title]) => groupDocs(netFn, title)).join('\n\n')}

## Parameters

A client’s values survive a restart of the daemon.

${parameterDocs('System boot options', bootOptionParameters)}

Boot flags read back exactly as they were written. *Once* flags lapse 60 s after they were set or after the latest power
command, unless parameter 3 has bit 3 set; their valid bit reads 0 when a boot has used them or they have lapsed. Device
selectors that the node cannot boot from are answered CCh.

${parameterDocs('LAN configuration', lanParameters)}

${parameterDocs('SOL configuration', solParameters)}

${parameterDocs('System information', systemInfoParameters)}

## Sensors

| number | sensor | kind |
|---|---|---|
${allSensors.map(sensor => `| ${hex(sensor.number)} | ${sensor.name} | ${kindOf(sensor)} |`).join('\n')}

Analogue readings are those of a plausible server under the machine’s real load; most of them are gone when it is off.

## Serial over LAN

A console gets what the machine has said since it was powered on (the newest 64 KiB), then what it says. One session at a
time; \`sol deactivate\` from another one takes it away. While the machine is off, typed characters are refused with
“character transfer unavailable”.
`;
}

function groupDocs(netFn: number, title: string): string {
  const rows = commands
    .filter(command => command.netFn === netFn)
    .sort((a, b) => a.command - b.command)
    .map(
      command =>
        `| ${command.name} | ${code(command)} | ${command.privilege} | ${notes[command.name] ?? ''} |`,
    );
  return `## ${title}\n\n| command | code | privilege | notes |\n|---|---|---|---|\n${rows.join('\n')}`;
}

function parameterDocs(title: string, parameters: readonly Parameter[]): string {
  const rows = parameters.map(
    ({ number, name, write }) => `| ${number} | ${name} | ${write ? 'read, write' : 'read'} |`,
  );
  return `### ${title}\n\n| number | parameter | access |\n|---|---|---|\n${rows.join('\n')}`;
}

function code({ netFn, command, group }: IpmiCommand): string {
  return [netFn, command, group]
    .filter(byte => byte !== undefined)
    .map(hex)
    .join(' ');
}

function kindOf(sensor: (typeof allSensors)[number]): string {
  if (sensor.kind === 'analog') return sensor.spec.unit;
  return sensor.states ? 'states' : 'events only';
}

function hex(byte: number): string {
  return `${byte.toString(16).padStart(2, '0').toUpperCase()}h`;
}
