import { randomUUID } from 'node:crypto';
import { ApiFault, type Fields } from '../service.ts';
import type { Kind } from './kind.ts';
import type { NetworkStore } from './store.ts';

const ruleAttributes = {
  description: '',
  security_group_id: undefined,
  ethertype: 'IPv4',
  direction: undefined,
  protocol: null,
  port_range_min: null,
  port_range_max: null,
  remote_ip_prefix: null,
  remote_group_id: null,
  remote_address_group_id: null,
};

export const securityGroupKind: Kind = {
  plural: 'security-groups',
  singular: 'security_group',
  label: 'Security group',
  attributes: { name: '', description: '', stateful: true },
  changeable: ['name', 'description', 'stateful'],
  quota: 'security_group',
  create: wanted => {
    if (wanted.name === 'default') {
      throw new ApiFault(409, 'Default security group already exists.', 'SecurityGroupDefaultAlreadyExists');
    }
    return { ...wanted, shared: false };
  },
  created: (group, { store, projectId }) => {
    for (const ethertype of ['IPv4', 'IPv6']) {
      const rule = { ...ruleAttributes, security_group_id: group.id, ethertype, direction: 'egress' };
      store.put('security-group-rules', rule, projectId);
    }
  },
  remove: (group, { store }) => {
    if (group.name === 'default') {
      throw new ApiFault(
        409,
        'Insufficient rights for removing default security group.',
        'SecurityGroupCannotRemoveDefault',
      );
    }
    const used = store
      .all('ports')
      .some(({ security_groups }) => Array.isArray(security_groups) && security_groups.includes(group.id));
    if (used) throw new ApiFault(409, `Security Group ${group.id} in use.`, 'SecurityGroupInUse');
    for (const rule of store.all('security-group-rules')) {
      if (rule.security_group_id === group.id) store.drop('security-group-rules', rule.id);
    }
  },
};

export const securityGroupRuleKind: Kind = {
  plural: 'security-group-rules',
  singular: 'security_group_rule',
  label: 'Security group rule',
  attributes: ruleAttributes,
  required: ['security_group_id', 'direction'],
  changeable: ['description'],
  quota: 'security_group_rule',
  untagged: true,
  create: (wanted, { store, projectId }) => {
    const group = store.get('security-groups', wanted.security_group_id, projectId);
    const same = store
      .all('security-group-rules')
      .find(rule =>
        Object.keys(ruleAttributes).every(name => name === 'description' || rule[name] === wanted[name]),
      );
    if (same) {
      throw new ApiFault(
        409,
        `Security group rule already exists. Rule id is ${same.id}.`,
        'SecurityGroupRuleExists',
      );
    }
    return { ...wanted, security_group_id: group.id, normalized_cidr: wanted.remote_ip_prefix };
  },
};

/** The group that every project has from the beginning. */
export function addDefaultGroup(store: NetworkStore, projectId: string): void {
  const fields: Fields = {
    name: 'default',
    description: 'Default security group',
    stateful: true,
    shared: false,
    id: randomUUID(),
  };
  const group = store.put('security-groups', fields, projectId);
  for (const ethertype of ['IPv4', 'IPv6']) {
    store.put(
      'security-group-rules',
      {
        ...ruleAttributes,
        security_group_id: group.id,
        remote_group_id: group.id,
        ethertype,
        direction: 'ingress',
      },
      projectId,
    );
  }
}
