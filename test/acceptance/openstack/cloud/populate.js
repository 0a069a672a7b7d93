// What a cloud has before its tenants come: populate.js identity|resources FOLDER [fake|qemu|both]
// Makes only what is missing. Uses nothing but Node.js itself.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const password = 'secret';
const identity = 'http://127.0.0.1:5000/v3';
const compute = 'http://127.0.0.1:8774/v2.1';
const network = 'http://127.0.0.1:9696/v2.0';
const placement = 'http://127.0.0.1:8778';
const volume = 'http://127.0.0.1:8776/v3';
const microversions = { [compute]: 'compute 2.80', [placement]: 'placement 1.19' };
const services = [
  ['identity', 'keystone', identity],
  ['image', 'glance', 'http://127.0.0.1:9292'],
  ['placement', 'placement', placement],
  ['compute', 'nova', compute],
  ['network', 'neutron', 'http://127.0.0.1:9696'],
  ['volumev3', 'cinderv3', `${volume}/%(project_id)s`],
];
/** Ordinary tenants: a user and a project of the same name. */
const tenants = ['quintupleo', 'quintupleo-other'];

const [step, folder, mode] = process.argv.slice(2);
if (step === 'identity') await populateIdentity();
else await populateResources();

/** The URL by which instances reach a service: this machine's address on the external network. */
function within(url) {
  return url.replace('127.0.0.1', '198.51.100.1');
}

async function populateIdentity() {
  const admin = await connect('admin');
  const projects = await names(admin, `${identity}/projects`, 'projects');
  for (const name of ['service', ...tenants]) {
    if (!projects.has(name))
      projects.set(name, await make(admin, `${identity}/projects`, 'project', { name }));
  }
  const roles = await names(admin, `${identity}/roles`, 'roles');
  if (!roles.has('service'))
    roles.set('service', await make(admin, `${identity}/roles`, 'role', { name: 'service' }));
  const users = await names(admin, `${identity}/users`, 'users');
  const user = async (name, project, ...granted) => {
    if (!users.has(name)) users.set(name, await make(admin, `${identity}/users`, 'user', { name, password }));
    for (const role of granted) {
      const assignment = `projects/${projects.get(project)}/users/${users.get(name)}/roles/${roles.get(role)}`;
      await admin('PUT', `${identity}/${assignment}`);
    }
  };
  for (const name of ['glance', 'placement', 'nova', 'neutron', 'cinder'])
    await user(name, 'service', 'admin', 'service');
  for (const name of tenants) await user(name, name, 'member', 'reader');

  const { endpoints } = await admin('GET', `${identity}/endpoints`);
  const types = new Map(
    (await admin('GET', `${identity}/services`)).services.map(({ type, id }) => [type, id]),
  );
  for (const [type, name, url] of services) {
    if (!types.has(type))
      types.set(type, await make(admin, `${identity}/services`, 'service', { type, name }));
    for (const face of ['public', 'internal', 'admin']) {
      const service = types.get(type);
      if (endpoints.some(one => one.service_id === service && one.interface === face)) continue;
      await make(admin, `${identity}/endpoints`, 'endpoint', {
        service_id: service,
        interface: face,
        url: face === 'internal' ? within(url) : url,
        region_id: 'RegionOne',
      });
    }
  }
  await writeClouds();
}

/** Writes clouds.yaml: each tenant, an application credential of the first, its way from within, and the administrator. */
async function writeClouds() {
  const path = join(folder, 'clouds.yaml');
  if (await readFile(path).catch(() => undefined)) return;
  const tenant = await connect(tenants[0]);
  const { application_credential: credential } = await tenant(
    'POST',
    `${identity}/users/${tenant.user}/application_credentials`,
    {
      application_credential: { name: 'tests', unrestricted: true },
    },
  );
  const entry = (name, auth, face = 'public') => `  ${name}:
    region_name: RegionOne
    interface: ${face}
    auth_type: ${auth.username ? 'v3password' : 'v3applicationcredential'}
    auth:
      auth_url: ${face === 'internal' ? within(identity) : identity}
${Object.entries(auth)
  .map(([key, value]) => `      ${key}: ${value}\n`)
  .join('')}`;
  const user = name => ({
    username: name,
    password,
    project_name: name,
    user_domain_name: 'Default',
    project_domain_name: 'Default',
  });
  const text = [
    ...tenants.map(name => entry(name, user(name))),
    entry('quintupleo-application', {
      application_credential_id: credential.id,
      application_credential_secret: credential.secret,
    }),
    entry('quintupleo-internal', user(tenants[0]), 'internal'),
    entry('quintupleo-admin', user('admin')),
  ];
  await writeFile(path, `clouds:\n${text.join('')}`, { mode: 0o600 });
}

async function populateResources() {
  const started = new Date();
  const hosts = mode === 'both' ? ['fake1', 'qemu1'] : [`${mode}1`];
  const admin = await connect('admin');
  if (hosts.includes('fake1')) await addFakeAgent();
  await addFlavors(admin);
  await addExternalNetwork(admin);
  await addVolumeType(admin);
  await limitOtherTenant(admin);
  for (const host of hosts) await addHost(admin, host, started);
}

/** Ports bind only on hosts that have a network agent, of the kind that the mechanism driver knows. */
async function addFakeAgent() {
  const ml2 = await readFile(`${folder}/etc/neutron/ml2.ini`, 'utf8');
  const [type, binary] = ml2.includes('linuxbridge')
    ? ['Linux bridge agent', 'neutron-linuxbridge-agent']
    : ['Open vSwitch agent', 'neutron-openvswitch-agent'];
  const configuration =
    '{"bridge_mappings":{},"interface_mappings":{},"tunnel_types":[],"tunneling_ip":null,"devices":0,"extensions":[],"l2_population":false}';
  const statement = `INSERT INTO agents (id, agent_type, \`binary\`, topic, host, admin_state_up, created_at, started_at,
      heartbeat_timestamp, configurations, \`load\`)
    SELECT UUID(), '${type}', '${binary}', 'N/A', 'fake1', 1, UTC_TIMESTAMP(), UTC_TIMESTAMP(),
      UTC_TIMESTAMP(), '${configuration}', 0
    FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM agents WHERE host = 'fake1')`;
  await run('mariadb', [`--socket=${folder}/run/mysql.sock`, '-uroot', 'neutron', '-e', statement]);
}

/** Flavors of nodes have ephemeral space for local disks; sizes in MiB and GiB. */
async function addFlavors(admin) {
  const present = await names(admin, `${compute}/flavors?is_public=None`, 'flavors');
  for (const [name, ram, disk, ephemeral] of [
    ['bm.tiny', 128, 1, 1],
    ['bm.small', 512, 1, 2],
    ['bm.medium', 1024, 1, 4],
    ['bm.large', 2048, 2, 16],
    ['vm.tiny', 128, 1, 0],
    ['vm.small', 512, 2, 0],
    ['vm.medium', 1024, 8, 0],
  ]) {
    if (present.has(name)) continue;
    const flavor = { name, ram, vcpus: 1, disk, 'OS-FLV-EXT-DATA:ephemeral': ephemeral };
    await make(admin, `${compute}/flavors`, 'flavor', flavor);
  }
}

/** The outer side of routers; this machine is its gateway. */
async function addExternalNetwork(admin) {
  const { networks } = await admin('GET', `${network}/networks?name=public`);
  if (networks.length > 0) return;
  const id = await make(admin, `${network}/networks`, 'network', {
    name: 'public',
    'router:external': true,
    'provider:network_type': 'flat',
    'provider:physical_network': 'public',
  });
  const addresses = {
    ip_version: 4,
    cidr: '198.51.100.0/24',
    gateway_ip: '198.51.100.1',
    enable_dhcp: false,
  };
  await make(admin, `${network}/subnets`, 'subnet', { name: 'public', network_id: id, ...addresses });
}

async function addVolumeType(admin) {
  const types = `${volume}/${admin.project}/types`;
  if ((await names(admin, types, 'volume_types')).has('nfs')) return;
  await make(admin, types, 'volume_type', { name: 'nfs', extra_specs: { volume_backend_name: 'nfs' } });
}

/** The second tenant has next to nothing, so that its requests are refused. */
async function limitOtherTenant(admin) {
  const { projects } = await admin('GET', `${identity}/projects?name=${tenants[1]}`);
  const quota = { instances: 2, cores: 2, ram: 1024 };
  await admin('PUT', `${compute}/os-quota-sets/${projects[0].id}`, { quota_set: quota });
  await admin('PUT', `${network}/quotas/${projects[0].id}`, { quota: { network: 2, subnet: 2, port: 4 } });
}

/** Waits for a compute host that reports in since this run began, and gives it an availability zone of its own. */
async function addHost(admin, host, started) {
  const zone = host.replace(/\d+$/, '');
  const { aggregates } = await admin('GET', `${compute}/os-aggregates`);
  let aggregate = aggregates.find(({ name }) => name === zone);
  if (!aggregate) {
    const answer = await admin('POST', `${compute}/os-aggregates`, {
      aggregate: { name: zone, availability_zone: zone },
    });
    aggregate = answer.aggregate;
  }
  const id = await until(120, `host ${host}`, async () => {
    const { services } = await admin('GET', `${compute}/os-services?binary=nova-compute&host=${host}`);
    // Nova's times are UTC without saying so, to the second.
    const reported = services.some(
      one => one.state === 'up' && Date.parse(`${one.updated_at}Z`) > started.getTime() - 1000,
    );
    if (!reported) return undefined;
    const { hypervisors } = await admin('GET', `${compute}/os-hypervisors/detail`);
    const hypervisor = hypervisors.find(one => one.service.host === host);
    // Nova itself looks for new hosts now and then, which may be half a minute from now.
    if (!hypervisor)
      await run('nova-manage', [
        '--config-file',
        `${folder}/etc/nova/nova.conf`,
        'cell_v2',
        'discover_hosts',
      ]);
    return hypervisor?.id;
  });
  if (!aggregate.hosts?.includes(host)) {
    await admin('POST', `${compute}/os-aggregates/${aggregate.id}/action`, { add_host: { host } });
  }
  await until(60, `network agent of ${host}`, async () => {
    const { agents } = await admin('GET', `${network}/agents?host=${host}`);
    return agents[0];
  });
  // Nova tells Placement of a host in an aggregate by the host's name, which is not the name of a libvirt hypervisor.
  await until(30, `placement of ${host}`, async () => {
    const url = `${placement}/resource_providers/${id}/aggregates`;
    const known = await admin('GET', url);
    if (known.aggregates.includes(aggregate.uuid)) return true;
    const wanted = { ...known, aggregates: [...known.aggregates, aggregate.uuid] };
    await admin('PUT', url, wanted).catch(() => undefined);
    return undefined;
  });
}

/** Authenticates, and returns a function that calls an API and returns what its JSON says. */
async function connect(name) {
  const domain = { name: 'Default' };
  const auth = {
    identity: { methods: ['password'], password: { user: { name, password, domain } } },
    scope: { project: { name, domain } },
  };
  const answer = await request('POST', `${identity}/auth/tokens`, { auth }, {});
  const { token } = await answer.json();
  const secret = answer.headers.get('X-Subject-Token');
  const call = async (method, url, body) => {
    const [, version] = Object.entries(microversions).find(([service]) => url.startsWith(service)) ?? [];
    const headers = { 'X-Auth-Token': secret, ...(version && { 'OpenStack-API-Version': version }) };
    const text = await (await request(method, url, body, headers)).text();
    return text ? JSON.parse(text) : undefined;
  };
  return Object.assign(call, { user: token.user.id, project: token.project.id });
}

async function request(method, url, body, headers) {
  const answer = await fetch(url, {
    method,
    headers: { ...headers, ...(body && { 'Content-Type': 'application/json' }) },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(60_000),
  });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
  return answer;
}

/** IDs of what a collection has, by name. */
async function names(call, url, key) {
  const items = (await call('GET', url))[key];
  return new Map(items.map(({ name, id }) => [name, id]));
}

/** Makes one of a collection, and returns its ID. */
async function make(call, url, key, fields) {
  return (await call('POST', url, { [key]: fields }))[key].id;
}

async function until(seconds, what, probe) {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    const found = await probe();
    if (found !== undefined) return found;
    await delay(500);
  }
  throw new Error(`no ${what} within ${seconds} s`);
}
