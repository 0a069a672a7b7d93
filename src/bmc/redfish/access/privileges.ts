import { readFileSync } from 'node:fs';
import type { Privilege } from '../../accounts.ts';
import type { SchemaName } from '../messages/schemas.ts';
import type { RoleName } from '../model.ts';

/** What a role may hold. @see schema Privileges */
export const privileges = [
  'Login',
  'ConfigureManager',
  'ConfigureUsers',
  'ConfigureComponents',
  'ConfigureSelf',
] as const;

/** A privilege of the standard. */
export type RedfishPrivilege = (typeof privileges)[number];

/** What each predefined role may do. @see DSP0266 §13.2 */
export const roles: Readonly<Record<RoleName, readonly RedfishPrivilege[]>> = {
  Administrator: privileges,
  Operator: ['Login', 'ConfigureComponents', 'ConfigureSelf'],
  ReadOnly: ['Login', 'ConfigureSelf'],
};

/** The role of an account; `undefined` for one that may not log in. */
export function roleOf(privilege: Privilege): RoleName | undefined {
  switch (privilege) {
    case 'administrator':
      return 'Administrator';
    case 'operator':
      return 'Operator';
    case 'user':
      return 'ReadOnly';
    case 'callback':
    case 'none':
      return undefined;
  }
}

/** The IPMI privilege that goes with a role. */
export const privilegeOfRole: Readonly<Record<RoleName, Privilege>> = {
  Administrator: 'administrator',
  Operator: 'operator',
  ReadOnly: 'user',
};

/** What an operation needs: one of these sets of privileges. */
export type Needed = readonly { readonly Privilege: readonly string[] }[];

type Operations = Readonly<Partial<Record<string, Needed>>>;

/** Where it differs: under certain resources, for certain properties. */
export type Override = {
  readonly Targets: readonly string[];
  readonly OperationMap: Operations;
};

/** What operations on one kind of resource need. */
export type Mapping = {
  readonly Entity: string;
  readonly OperationMap: Operations;
  readonly SubordinateOverrides?: readonly Override[];
  readonly PropertyOverrides?: readonly Override[];
};

/** DMTF's registry of what each operation on each kind of resource needs, which is data. */
export interface PrivilegeMap {
  readonly Id: string;
  readonly Name: string;
  readonly PrivilegesUsed: readonly string[];
  readonly Mappings: readonly Mapping[];
}

const file = new URL('../../../../dmtf/registries/Redfish_1.8.0_PrivilegeRegistry.json', import.meta.url);
let mappings: ReadonlyMap<string, Mapping> | undefined;

/** Reads the registry. */
export function privilegeMap(): PrivilegeMap {
  return JSON.parse(readFileSync(file, 'utf8')) as PrivilegeMap;
}

function mappingOf(schema: SchemaName): Mapping | undefined {
  mappings ??= new Map(privilegeMap().Mappings.map(mapping => [mapping.Entity, mapping]));
  return mappings.get(schema);
}

/** What only somebody who may do everything may do: what the registry does not know. */
const everything: Needed = [{ Privilege: ['ConfigureManager'] }];

/**
 * What an operation on a resource needs, by DMTF's privilege registry.
 * @param above - schemas of the resources that it is under, outermost first
 */
export function neededFor(schema: SchemaName, above: readonly SchemaName[], method: string): Needed {
  const mapping = mappingOf(schema);
  const override = mapping?.SubordinateOverrides?.find(
    ({ Targets, OperationMap }) => OperationMap[method] && isWithin(Targets, above),
  );
  return override?.OperationMap[method] ?? mapping?.OperationMap[method] ?? everything;
}

/** What writing these properties needs, where that differs from writing the resource. */
export function neededForProperties(schema: SchemaName, properties: readonly string[]): Needed | undefined {
  const overrides = mappingOf(schema)?.PropertyOverrides ?? [];
  const override = overrides.find(
    ({ Targets }) => properties.length > 0 && properties.every(property => Targets.includes(property)),
  );
  return override?.OperationMap.PATCH;
}

/** Whether a role has what is needed. @param own - whether the resource is the account's own */
export function allows(role: RoleName | undefined, needed: Needed, own: boolean): boolean {
  const held: readonly string[] = role ? roles[role] : [];
  return needed.some(({ Privilege }) =>
    Privilege.every(
      privilege =>
        privilege === 'NoAuth' || (held.includes(privilege) && (own || privilege !== 'ConfigureSelf')),
    ),
  );
}

/** Whether the targets are among the resources above, in that order. */
function isWithin(targets: readonly string[], above: readonly SchemaName[]): boolean {
  let next = 0;
  for (const schema of above) if (schema === targets[next]) next++;
  return next === targets.length;
}
