import { parseDuration } from '../support/quantity.ts';
import type { BmcDefinition, UserDefinition } from './definition.ts';
import { type Endpoint, EndpointRun, Endpoints } from './endpoints.ts';
import { type Given, give } from './given.ts';
import { bmcDefaults, httpsPort, ipmiPort, limits } from './limits.ts';
import type { Path, Report } from './problem.ts';
import type { BmcContent } from './schema-bmc.ts';
import type { SecretContent } from './schema-parts.ts';
import { type LabFileSources, readSecret } from './secret.ts';

type IpmiContent = NonNullable<BmcContent['ipmi']>;
type RedfishContent = Exclude<BmcContent['redfish'], boolean | undefined>;

/** A node group as this part sees it. */
export interface BmcGroup {
  readonly nodes: readonly string[];
  readonly bmc: BmcContent | undefined;
  readonly path: Path;
}

/** What the BMCs of a lab are resolved with. */
export interface BmcSurroundings {
  readonly sources: LabFileSources;
  /** Where the lab's Redfish services listen. */
  readonly redfishEndpoints: Endpoints;
  readonly report: Report;
}

/**
 * Works out every node's BMC: the lab's settings, overridden by its group's.
 * What is wrong is reported; then the result is not to be used.
 */
export function resolveBmcs(
  lab: BmcContent | undefined,
  groups: readonly BmcGroup[],
  { sources, redfishEndpoints, report }: BmcSurroundings,
): Record<string, BmcDefinition> {
  const bmcs: Record<string, BmcDefinition> = {};
  const endpoints = new Endpoints('BMCs', report);
  const ofLab = settingsOf(lab, undefined, []);
  const labRuns = { ipmi: ipmiRun(ofLab, report), redfish: redfishRun(ofLab, report) };
  for (const { nodes, bmc: own, path } of groups) {
    const settings = settingsOf(lab, own, [...path, 'bmc']);
    const users = resolveUsers(settings, path, sources, report);
    const ipmi = resolveIpmi(settings, sources, report);
    const run = saysWhere(own?.ipmi) ? ipmiRun(settings, report) : labRuns.ipmi;
    const ownRedfish = typeof own?.redfish === 'object' && saysWhere(own.redfish);
    const services = ownRedfish ? redfishRun(settings, report) : labRuns.redfish;
    for (const node of nodes) {
      const endpoint = run.next();
      if (!endpoint) break;
      endpoints.claim(endpoint, node);
      const { address, port } = endpoint;
      bmcs[node] = { users, ipmi: { ...ipmi, address, port } };
      if (!settings.hasRedfish) continue;
      const service = redfishEndpoint(settings, services, endpoint, run.isRange);
      if (!service) break;
      const keepsPort = settings.redfish('port') || redfishEndpoints.isFree(service.address, httpsPort);
      const redfish = { address: service.address, port: keepsPort ? service.port : undefined };
      redfishEndpoints.claim({ ...redfish, path: service.path }, node);
      bmcs[node] = { users, ipmi: { ...ipmi, address, port }, redfish };
    }
  }
  return bmcs;
}

function saysWhere(content: { readonly address?: unknown; readonly port?: unknown } | undefined): boolean {
  return content?.address !== undefined || content?.port !== undefined;
}

function ipmiRun(settings: Settings, report: Report): EndpointRun {
  const address = settings.ipmi('address') ?? defaultAddress;
  return new EndpointRun({ address, port: settings.ipmi('port'), standardPort: ipmiPort }, report);
}

function redfishRun(settings: Settings, report: Report): EndpointRun {
  const address = settings.redfish('address') ?? defaultAddress;
  return new EndpointRun({ address, port: settings.redfish('port'), standardPort: httpsPort }, report);
}

/** Where one BMC's own Redfish service listens: at an address that the file gives it, else at IPMI's. */
function redfishEndpoint(
  settings: Settings,
  run: EndpointRun,
  ipmi: Endpoint,
  isOwnAddress: boolean,
): Endpoint | undefined {
  if (settings.redfish('address')) return run.next();
  if (!isOwnAddress) {
    const next = run.next();
    return next && { ...next, address: ipmi.address };
  }
  const port = settings.redfish('port');
  // Whoever moved IPMI away from its port may not use such ports.
  const usual = ipmi.port === ipmiPort ? httpsPort : undefined;
  return { address: ipmi.address, port: port?.value ?? usual, path: port?.path ?? ipmi.path };
}

const defaultAddress: Given<string> = { value: bmcDefaults.address, path: ['bmc', 'ipmi', 'address'] };

/** The settings that hold for one group. */
interface Settings {
  given<K extends keyof BmcContent>(key: K): Given<NonNullable<BmcContent[K]>> | undefined;
  ipmi<K extends keyof IpmiContent>(key: K): Given<NonNullable<IpmiContent[K]>> | undefined;
  redfish<K extends keyof RedfishContent>(key: K): Given<NonNullable<RedfishContent[K]>> | undefined;
  /** Whether each BMC has a Redfish service of its own. */
  readonly hasRedfish: boolean;
}

function settingsOf(lab: BmcContent | undefined, own: BmcContent | undefined, path: Path): Settings {
  const [ownRedfish, labRedfish] = [own?.redfish, lab?.redfish].map(one =>
    isMapping(one) ? one : undefined,
  );
  return {
    given: key => give(own?.[key], [...path, key]) ?? give(lab?.[key], ['bmc', key]),
    ipmi: key =>
      give(own?.ipmi?.[key], [...path, 'ipmi', key]) ?? give(lab?.ipmi?.[key], ['bmc', 'ipmi', key]),
    redfish: key =>
      give(ownRedfish?.[key], [...path, 'redfish', key]) ?? give(labRedfish?.[key], ['bmc', 'redfish', key]),
    hasRedfish: (own?.redfish ?? lab?.redfish) !== false,
  };
}

function isMapping(content: BmcContent['redfish']): content is RedfishContent {
  return typeof content === 'object';
}

/** The users that a lab's BMCs have where no group says otherwise. */
export function resolveLabUsers(
  lab: BmcContent | undefined,
  sources: LabFileSources,
  report: Report,
): readonly UserDefinition[] {
  return resolveUsers(settingsOf(lab, undefined, []), ['bmc'], sources, report);
}

function resolveUsers(
  settings: Settings,
  groupPath: Path,
  sources: LabFileSources,
  report: Report,
): readonly UserDefinition[] {
  const administrator = settings.given('username');
  const further = settings.given('users');
  const users: UserDefinition[] = [];
  const places = new Map<string, Path>();
  const add = (
    name: string,
    namePath: Path,
    password: Given<SecretContent> | undefined,
    privilege: UserDefinition['privilege'],
  ) => {
    checkUserName(name, namePath, report);
    if (places.has(name)) {
      report(namePath, `the BMC has two users named ${JSON.stringify(name)}. Give each its own name.`);
    }
    places.set(name, namePath);
    users.push({ name, password: resolvePassword(password, sources, report), privilege });
  };
  add(
    administrator?.value ?? bmcDefaults.username,
    administrator?.path ?? groupPath,
    settings.given('password'),
    bmcDefaults.privilege,
  );
  for (const [index, user] of (further?.value ?? []).entries()) {
    const path = [...(further?.path ?? groupPath), index];
    const privilege = user.privilege ?? bmcDefaults.userPrivilege;
    add(user.name, [...path, 'name'], give(user.password, [...path, 'password']), privilege);
  }
  return users;
}

function checkUserName(name: string, path: Path, report: Report): void {
  const bytes = Buffer.byteLength(name);
  if (bytes > limits.userName) {
    report(
      path,
      `user name ${JSON.stringify(name)} has ${bytes} bytes. IPMI has room for ${limits.userName}; shorten it.`,
    );
  }
  if (hasControlCharacter(name)) {
    report(path, 'user name has a control character. Use letters, digits and punctuation.');
  }
}

function resolvePassword(
  given: Given<SecretContent> | undefined,
  sources: LabFileSources,
  report: Report,
): string | undefined {
  if (!given) return undefined;
  const password = readSecret(given.value, 'password', given.path, sources, report);
  if (password === undefined) return undefined;
  const bytes = Buffer.byteLength(password);
  if (bytes > limits.password) {
    report(given.path, `password has ${bytes} bytes. IPMI has room for ${limits.password}; shorten it.`);
  } else if (bytes === 0) {
    report(given.path, 'password is empty. Leave the key away to have one generated.');
  } else if (password.includes('\0')) {
    report(given.path, 'password has a zero byte, at which IPMI clients would end it. Use another one.');
  }
  return password;
}

function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

type IpmiDefinition = Omit<BmcDefinition['ipmi'], 'address' | 'port'>;

function resolveIpmi(settings: Settings, sources: LabFileSources, report: Report): IpmiDefinition {
  return {
    cipherSuites: resolveCipherSuites(settings.ipmi('cipherSuites'), report),
    ipmi15: settings.ipmi('ipmi15')?.value ?? bmcDefaults.ipmi15,
    kg: resolveKg(settings.ipmi('kg'), sources, report),
    sessionTimeout: resolveSessionTimeout(settings.ipmi('sessionTimeout'), report),
    maximumSessions: settings.ipmi('maximumSessions')?.value ?? bmcDefaults.maximumSessions,
    channelPrivilege: settings.ipmi('channelPrivilege')?.value ?? bmcDefaults.channelPrivilege,
  };
}

function resolveCipherSuites(given: Given<number[]> | undefined, report: Report): readonly number[] {
  if (!given) return bmcDefaults.cipherSuites;
  for (const [index, suite] of given.value.entries()) {
    if (suite === 0) {
      report(
        [...given.path, index],
        'cipher suite 0 is refused: it lets anybody in without a password. Use 17, or 3 for old clients.',
      );
    }
  }
  return [...new Set(given.value)];
}

function resolveKg(
  given: Given<SecretContent> | undefined,
  sources: LabFileSources,
  report: Report,
): string | undefined {
  const kg = given && readSecret(given.value, 'kg', given.path, sources, report);
  if (given && kg !== undefined && !/^([0-9a-f]{2}){1,20}$/i.test(kg)) {
    report(
      given.path,
      'kg is not a BMC key. Write 2 to 40 hexadecimal digits, an even number of them, in quotes.',
    );
  }
  if (given && kg?.startsWith('00')) {
    report(
      given.path,
      'kg begins with 00, which ipmitool takes for no key at all. Begin it with another byte.',
    );
  }
  return kg?.toLowerCase();
}

function resolveSessionTimeout(given: Given<string> | undefined, report: Report): number {
  const timeout = parseDuration(given?.value ?? bmcDefaults.sessionTimeout) ?? Number.NaN;
  if (given && !(timeout >= 5000 && timeout <= 3_600_000)) {
    report(
      given.path,
      `sessionTimeout ${JSON.stringify(given.value)} is out of range. Use 5s to 1h; IPMI's own is 60s.`,
    );
  }
  return timeout;
}
