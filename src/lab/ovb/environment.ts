import { parse } from 'yaml';
import { messageOf, QuintupleoError } from '../../support/errors.ts';

/** A Heat environment of OVB, or several merged. */
export interface Environment {
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Resource types, and the base names of the templates that stand for them; or other resource types. */
  readonly registry: Readonly<Record<string, string>>;
  /** Its other sections. */
  readonly sections: readonly string[];
}

/** What the types of OVB's resource registry stand for unless an environment says otherwise. */
export const usualRegistry: Readonly<Record<string, string>> = {
  'OS::OVB::ServerPair': 'virtual-baremetal-servers.yaml',
  'OS::OVB::BaremetalEnvironment': 'virtual-baremetal.yaml',
  'OS::OVB::UndercloudEnvironment': 'undercloud.yaml',
  'OS::OVB::UndercloudFloating': 'undercloud-floating.yaml',
  'OS::OVB::PrivateNetwork': 'private-net-existing.yaml',
  'OS::OVB::BaremetalNetworks': 'baremetal-networks-none.yaml',
  'OS::OVB::BaremetalPorts': 'baremetal-ports-default.yaml',
  'OS::OVB::BMC': 'bmc.yaml',
  'OS::OVB::BMCPort': 'bmc-port.yaml',
  'OS::OVB::UndercloudPorts': 'undercloud-ports.yaml',
  'OS::OVB::UndercloudNetworks': 'undercloud-networks.yaml',
  'OS::OVB::DHCPRelay': 'OS::Heat::None',
  'OS::OVB::RouterAdvertisementDaemon': 'OS::Heat::None',
  'OS::OVB::ProvisionNetRouter': 'OS::Neutron::Router',
  'OS::OVB::ProvisionNetRouterInterface': 'OS::Neutron::RouterInterface',
};

/**
 * Reads an environment's text.
 * @param name - the file's name, for messages
 * @throws QuintupleoError `OVB_ENVIRONMENT_INVALID`
 */
export function readEnvironment(text: string, name: string): Environment {
  const content = sectionOf(parseYaml(text, name), name, 'an environment');
  const { parameters, parameter_defaults: defaults, resource_registry: registry, ...rest } = content;
  const types = Object.entries(sectionOf(registry ?? {}, name, 'resource_registry'));
  return {
    // Heat lets parameters go before defaults.
    parameters: {
      ...sectionOf(defaults ?? {}, name, 'parameter_defaults'),
      ...sectionOf(parameters ?? {}, name, 'parameters'),
    },
    registry: Object.fromEntries(types.map(([type, target]) => [type, baseName(String(target))])),
    sections: Object.keys(rest),
  };
}

/** What several environments say together: of what two say, the later one counts. */
export function mergeEnvironments(environments: readonly Environment[]): Environment {
  return {
    parameters: Object.assign({}, ...environments.map(one => one.parameters)),
    registry: Object.assign({}, ...environments.map(one => one.registry)),
    sections: [...new Set(environments.flatMap(one => one.sections))],
  };
}

/** Parameters that a role has from the base environment, whether it says otherwise or not. */
const inherited: readonly string[] = [
  'bmc_image',
  'external_net',
  'os_auth_url',
  'os_password',
  'os_tenant',
  'os_user',
  'private_net',
  'public_net',
];

/** Parameters that a role has from the base environment unless it says otherwise. */
const inheritedByDefault: readonly string[] = [
  'baremetal_image',
  'bmc_flavor',
  'key_name',
  'provision_net',
  'overcloud_internal_net',
  'overcloud_storage_net',
  'overcloud_storage_mgmt_net',
  'overcloud_tenant_net',
];

/** Types of the registry that a role may set. */
const ofRoles: readonly string[] = [
  'OS::OVB::BaremetalPorts',
  'OS::OVB::BMCPort',
  'OS::OVB::UndercloudNetworks',
  'OS::OVB::BMC',
];

/** A role's environment, completed from the base one as `ovb-deploy` does. */
export function roleEnvironment(
  base: Environment,
  role: Environment,
): { readonly environment: Environment; readonly ignored: readonly string[] } {
  const from = (environment: Environment, keys: readonly string[]) =>
    Object.fromEntries(Object.entries(environment.parameters).filter(([key]) => keys.includes(key)));
  const types = (environment: Environment) =>
    Object.fromEntries(Object.entries(environment.registry).filter(([type]) => ofRoles.includes(type)));
  const ignored = [
    ...Object.keys(role.parameters).filter(key => inherited.includes(key) && key in base.parameters),
    ...Object.keys(role.registry).filter(type => !ofRoles.includes(type)),
  ];
  return {
    environment: {
      parameters: {
        ...from(base, inheritedByDefault),
        ...role.parameters,
        ...from(base, inherited),
      },
      registry: { ...types(base), ...types(role) },
      sections: role.sections,
    },
    ignored,
  };
}

function parseYaml(text: string, name: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw invalid(name, `it is not YAML: ${messageOf(error).split('\n')[0]}`, error);
  }
}

function sectionOf(value: unknown, name: string, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw invalid(name, `${what} must be a mapping`);
}

function invalid(name: string, message: string, cause?: unknown): QuintupleoError {
  return new QuintupleoError(`${name}: ${message}`, {
    family: 'config',
    code: 'OVB_ENVIRONMENT_INVALID',
    remedy: 'Give the environment files that ovb-deploy was given.',
    cause,
  });
}

/** The last part of a path; a resource type has none but itself. */
function baseName(target: string): string {
  return target.includes('::') ? target : (target.split('/').at(-1) ?? target);
}
