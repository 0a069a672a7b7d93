import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { readCloudConfig } from '../../../../src/drivers/openstack/client/clouds-file.ts';

let root: string;
let home: string;
let cwd: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'quintupleo-clouds-'));
  home = join(root, 'home');
  cwd = join(root, 'work');
  mkdirSync(home);
  mkdirSync(cwd);
  onTestFinished(() => rmSync(root, { recursive: true }));
});

function write(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

function read(env: Record<string, string> = {}, cloud?: string, region?: string) {
  return readCloudConfig({ env, home, cwd, cloud, region });
}

const lab = `
clouds:
  lab:
    auth:
      auth_url: https://cloud.example:5000/v3/
      username: quint
      password: sesame
      project_name: five
    region_name: One
`;

const described = {
  name: 'lab',
  authUrl: 'https://cloud.example:5000/v3',
  auth: { type: 'password', user: { name: 'quint', domain: { id: 'default' } }, password: 'sesame' },
  project: { name: 'five', domain: { id: 'default' } },
  region: 'One',
  interface: 'public',
  endpointOverrides: {},
  verify: true,
  caFile: undefined,
  certFile: undefined,
  keyFile: undefined,
};

describe('where a cloud is described', () => {
  test('the only cloud of the file is taken', async () => {
    const source = write(join(cwd, 'clouds.yaml'), lab);
    expect(await read()).toEqual({ ...described, source });
  });

  test('the first file wins: that of the variable, the current directory, the home', async () => {
    const named = (name: string) => lab.replace('lab:', `${name}:`);
    write(join(home, '.config/openstack/clouds.yml'), named('home'));
    expect(await read()).toMatchObject({ name: 'home' });
    write(
      join(cwd, 'clouds.json'),
      JSON.stringify({
        clouds: { here: { auth: { auth_url: 'http://k', username: 'u', password: 'p', project_id: 'x' } } },
      }),
    );
    expect(await read()).toMatchObject({ name: 'here', project: { id: 'x' } });
    const own = write(join(root, 'own.yaml'), named('own'));
    expect(await read({ OS_CLIENT_CONFIG_FILE: own })).toMatchObject({ name: 'own', source: own });
    // One that does not exist is passed by.
    expect(await read({ OS_CLIENT_CONFIG_FILE: join(root, 'none') })).toMatchObject({ name: 'here' });
  });

  test('secure.yaml adds secrets to it', async () => {
    write(join(home, '.config/openstack/secure.yaml'), 'clouds: {lab: {auth: {password: shh}}}');
    const source = write(join(cwd, 'clouds.yaml'), lab.replace('      password: sesame\n', ''));
    expect(await read()).toEqual({ ...described, source, auth: { ...described.auth, password: 'shh' } });
  });

  test('a profile of clouds-public.yaml is what a cloud begins with', async () => {
    write(
      join(cwd, 'clouds-public.yaml'),
      'public-clouds: {vendor: {auth: {auth_url: "https://{region_name}.example"}, region_name: East, interface: internal}}',
    );
    write(
      join(cwd, 'clouds.yaml'),
      'clouds: {lab: {profile: vendor, region_name: West, auth: {username: u, password: 1234, project-id: p}}}',
    );
    expect(await read()).toMatchObject({
      authUrl: 'https://West.example',
      region: 'West',
      interface: 'internal',
      auth: { password: '1234' },
      project: { id: 'p' },
    });
  });

  test('a profile that nobody describes', async () => {
    const path = write(join(cwd, 'clouds.yaml'), 'clouds: {lab: {profile: vendor, auth: {username: u}}}');
    await expect(read()).rejects.toMatchObject({
      code: 'CLOUD_SETTING_INVALID',
      message: `${path}: cloud lab: profile: the profile "vendor" is in no clouds-public.yaml`,
    });
  });

  const variables = {
    OS_AUTH_URL: 'http://k:5000/v3',
    OS_USERNAME: 'u',
    OS_PASSWORD: 'p',
    OS_PROJECT_NAME: 'five',
    OS_USER_DOMAIN_NAME: 'People',
    OS_PROJECT_DOMAIN_ID: 'd',
    OS_REGION_NAME: 'Two',
    OS_ENDPOINT_TYPE: 'internalURL',
    OS_CACERT: 'ca.pem',
    OS_TEST_TIMEOUT: '1',
  };

  test('variables describe a cloud of their own, which goes before the files', async () => {
    write(join(cwd, 'clouds.yaml'), lab);
    expect(await read(variables)).toEqual({
      ...described,
      name: 'envvars',
      source: 'OS_* variables',
      authUrl: 'http://k:5000/v3',
      auth: { type: 'password', user: { name: 'u', domain: { name: 'People' } }, password: 'p' },
      project: { name: 'five', domain: { id: 'd' } },
      region: 'Two',
      interface: 'internal',
      caFile: join(cwd, 'ca.pem'),
    });
  });

  test('variables leave a cloud that is named alone, but for the region', async () => {
    write(join(cwd, 'clouds.yaml'), lab);
    expect(await read({ ...variables, OS_CLOUD: 'lab' })).toMatchObject({
      name: 'lab',
      authUrl: 'https://cloud.example:5000/v3',
      region: 'Two',
    });
    expect(await read(variables, 'lab', 'Three')).toMatchObject({ name: 'lab', region: 'Three' });
    expect(await read({ OS_CLOUD: 'lab', OS_CLIENT_SECURE_FILE: '' })).toMatchObject({
      name: 'lab',
      region: 'One',
    });
  });

  test('the name that is asked for goes before OS_CLOUD', async () => {
    write(join(cwd, 'clouds.yaml'), `${lab}  other:\n    auth: {}\n`);
    expect(await read({ OS_CLOUD: 'other' }, 'lab')).toMatchObject({ name: 'lab' });
  });

  test('a cloud of variables may not share its name with one of the file', async () => {
    write(join(cwd, 'clouds.yaml'), lab);
    await expect(read({ ...variables, OS_CLOUD_NAME: 'lab' })).rejects.toMatchObject({
      code: 'CLOUDS_FILE_INVALID',
    });
  });

  test('none, several, another', async () => {
    await expect(read()).rejects.toMatchObject({ family: 'config', code: 'CLOUD_NOT_FOUND' });
    await expect(read({}, 'lab')).rejects.toMatchObject({
      code: 'CLOUD_NOT_FOUND',
      message: expect.stringContaining('there is no clouds.yaml'),
    });
    const path = write(join(cwd, 'clouds.yaml'), `${lab}  other:\n    auth: {}\n`);
    await expect(read()).rejects.toMatchObject({
      code: 'CLOUD_NOT_CHOSEN',
      message: `${path}: describes several clouds: lab, other`,
    });
    await expect(read({ OS_CLOUD: 'third' })).rejects.toMatchObject({
      code: 'CLOUD_NOT_FOUND',
      message: `${path}: has no cloud third; it has: lab, other`,
    });
  });

  test('a file that is no YAML is named with the line, and its text is not shown', async () => {
    const path = write(join(cwd, 'clouds.yaml'), 'clouds:\n  lab:\n    password: "sesame\n');
    const error = await read().catch(error => error);
    expect(error).toMatchObject({
      code: 'CLOUDS_FILE_INVALID',
      message: expect.stringContaining(`${path}:`),
    });
    expect(error.message).not.toContain('sesame');
    write(path, '- a\n- b\n');
    await expect(read()).rejects.toMatchObject({ code: 'CLOUDS_FILE_INVALID' });
    write(path, 'clouds: [a]\n');
    await expect(read()).rejects.toMatchObject({ code: 'CLOUDS_FILE_INVALID' });
  });
});

describe('what a description says', () => {
  const cloud = (settings: string) => write(join(cwd, 'clouds.yaml'), `clouds:\n  lab: ${settings}\n`);
  const url = 'auth_url: "http://k/v3"';

  test('application credentials, by ID or by name', async () => {
    cloud(
      `{auth_type: v3applicationcredential, auth: {${url}, application_credential_id: i, application_credential_secret: s}}`,
    );
    expect(await read()).toMatchObject({
      auth: { type: 'application-credential', credential: { id: 'i' }, secret: 's' },
      project: undefined,
    });
    cloud(
      `{auth_type: v3applicationcredential, auth: {${url}, application_credential_name: n, application_credential_secret: s, username: u, user_domain_name: D}}`,
    );
    expect(await read()).toMatchObject({
      auth: { credential: { name: 'n', user: { name: 'u', domain: { name: 'D' } } } },
    });
  });

  test('tokens, with and without a project', async () => {
    cloud(`{auth_type: v3token, auth: {${url}, token: t}}`);
    expect(await read()).toMatchObject({ auth: { type: 'token', token: 't' }, project: undefined });
    cloud(`{auth: {${url}, token: t, project_id: p}}`);
    expect(await read()).toMatchObject({ auth: { type: 'token', token: 't' }, project: { id: 'p' } });
  });

  test('one domain for both, by its old place and names', async () => {
    cloud(`{auth: {${url}, username: u, password: p, tenant_name: five, domain_name: D}}`);
    expect(await read()).toMatchObject({
      auth: { user: { domain: { name: 'D' } } },
      project: { name: 'five', domain: { name: 'D' } },
    });
  });

  test('endpoints, certificates and how they are checked', async () => {
    cloud(
      `{auth: {${url}, user_id: u, password: p, project_id: p}, verify: false, cacert: ~/ca.pem, cert: /etc/c.pem, key: k.pem,
       compute_endpoint_override: "http://nova/v2.1/", volumev3_endpoint_override: "http://cinder/v3/p"}`,
    );
    expect(await read()).toMatchObject({
      auth: { user: { id: 'u' } },
      verify: false,
      caFile: join(home, 'ca.pem'),
      certFile: '/etc/c.pem',
      keyFile: join(cwd, 'k.pem'),
      endpointOverrides: { compute: 'http://nova/v2.1', 'block-storage': 'http://cinder/v3/p' },
    });
    cloud(`{auth: {${url}, user_id: u, password: p, project_id: p}, insecure: "True"}`);
    expect(await read()).toMatchObject({ verify: false });
  });

  test('regions with values of their own; the first is the default', async () => {
    cloud(
      `{auth: {${url}, user_id: u, password: p, project_id: p}, regions: [{name: A, values: {auth: {auth_url: "http://a/v3"}}}, B]}`,
    );
    expect(await read()).toMatchObject({ region: 'A', authUrl: 'http://a/v3' });
    expect(await read({ OS_REGION_NAME: 'B' })).toMatchObject({ region: 'B', authUrl: 'http://k/v3' });
    await expect(read({}, undefined, 'C')).rejects.toMatchObject({
      code: 'CLOUD_SETTING_INVALID',
      message: expect.stringContaining(
        'cloud lab: region_name: the region C is not one of its regions: A, B',
      ),
    });
  });

  test.each([
    ['{auth: {username: u, password: p, project_id: p}}', 'CLOUD_SETTING_MISSING', 'auth_url: is not set'],
    [`{auth: {${url}, password: p, project_id: p}}`, 'CLOUD_SETTING_MISSING', 'username: is not set'],
    [`{auth: {${url}, username: u, project_id: p}}`, 'CLOUD_SETTING_MISSING', 'password: is not set'],
    [`{auth: {${url}, username: u, password: p}}`, 'CLOUD_SETTING_MISSING', 'project_name: is not set'],
    [
      `{auth: {${url}, username: u, password: [secret], project_id: p}}`,
      'CLOUD_SETTING_INVALID',
      'password: is no text',
    ],
    [
      '{auth: {auth_url: cloud, username: u, password: p, project_id: p}}',
      'CLOUD_SETTING_INVALID',
      'auth_url: is no http',
    ],
    [
      `{auth: {${url}, username: u, password: p, project_id: p}, interface: x}`,
      'CLOUD_SETTING_INVALID',
      'interface: "x" is none',
    ],
    [
      `{auth: {${url}, username: u, password: p, system_scope: all}}`,
      'CLOUD_AUTH_UNSUPPORTED',
      'system_scope: only',
    ],
    [
      `{auth_type: v3oidcpassword, auth: {${url}}}`,
      'CLOUD_AUTH_UNSUPPORTED',
      'auth_type: cannot authenticate by "v3oidcpassword"; supported are password, v3password',
    ],
    [
      `{auth_type: constructor, auth: {${url}}}`,
      'CLOUD_AUTH_UNSUPPORTED',
      'auth_type: cannot authenticate by',
    ],
  ])('%s is refused', async (settings, code, message) => {
    const path = cloud(settings);
    const error = await read().catch(error => error);
    expect(error).toMatchObject({ family: 'config', code });
    expect(error.message).toContain(`${path}: cloud lab: ${message}`);
    expect(error.message).not.toContain('secret');
  });
});
