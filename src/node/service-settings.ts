/** A network card of the appliance. */
export interface ServiceInterface {
  /** Lower case, colons. */
  readonly mac: string;
  /** What it is called inside, at most 15 characters. */
  readonly name: string;
  /** With prefix length: `192.168.24.10/24`, `fe80::b:c/64`. */
  readonly addresses: readonly string[];
  /** Bytes; `undefined`: the usual 1500. */
  readonly mtu?: number | undefined;
}

/** What the appliance is told when it boots. Nothing of it is secret: any user of its cloud's project may read it. */
export interface ServiceSettings {
  readonly lab: string;
  /** ID under which the lab's things are tagged in the cloud. */
  readonly owner: string;
  /** SHA-256 fingerprint of the certificate of whoever may command it. */
  readonly manager: string;
  readonly interfaces: readonly ServiceInterface[];
  readonly routes: readonly { readonly to: string; readonly via: string }[];
  readonly nameservers: readonly string[];
}

/** How the settings begin, so that user data that is meant for something else is noticed. */
export const settingsHeader = '#quintupleo-service 1';

/** TCP port of the appliance's control API. */
export const serviceControlPort = 8624;

/** What stands on the serial console before the fingerprint of the appliance's certificate. */
export const fingerprintMark = 'certificate fingerprint:';

/** What the appliance calls its card of that position. */
export function serviceInterface(index: number): string {
  return index === 0 ? 'mgmt' : `net${index}`;
}

/** The settings as they stand in the instance's user data: a word and its values a line, read by a shell. */
export function settingsText(settings: ServiceSettings): string {
  const { lab, owner, manager, interfaces, routes, nameservers } = settings;
  const lines = [
    settingsHeader,
    `lab ${lab}`,
    `owner ${owner}`,
    `manager ${manager}`,
    ...interfaces.flatMap(({ mac, name, addresses, mtu }) => [
      `interface ${name} ${mac}`,
      ...(mtu === undefined ? [] : [`mtu ${name} ${mtu}`]),
      ...addresses.map(address => `address ${name} ${address}`),
    ]),
    ...routes.map(({ to, via }) => `route ${to} ${via}`),
    ...nameservers.map(address => `nameserver ${address}`),
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * The fingerprint that the appliance wrote to its console, the last one if it has booted several times.
 * @returns `undefined` while there is none
 */
export function fingerprintIn(console: string): string | undefined {
  const pattern = new RegExp(`${fingerprintMark} ([0-9A-F]{2}(?::[0-9A-F]{2}){31})\\s`, 'g');
  return [...console.matchAll(pattern)].at(-1)?.[1];
}
