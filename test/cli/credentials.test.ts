import { beforeEach, describe, expect, test } from 'vitest';
import { pair, TwoLabs } from './two-labs.ts';

const here = new TwoLabs();

describe('credentials', () => {
  beforeEach(() => {
    const login = (name: string, password: string) => ({ name, password, privilege: 'administrator' });
    const nodes = {
      'node-0': [login('admin', 'pw-0'), login('monitor', 'pw-m')],
      'node-1': [login('admin', 'pw-1')],
    };
    here.daemon.answers.set('GET /v1/labs/pair/credentials', { json: { nodes } });
  });

  test('of a lab are a table', async () => {
    expect((await here.run('credentials', 'pair')).out).toBe(
      'NODE    BMC             USER     PASSWORD  PRIVILEGE\n' +
        'node-0  127.0.0.1:6230  admin    pw-0      administrator\n' +
        'node-0  127.0.0.1:6230  monitor  pw-m      administrator\n' +
        'node-1  127.0.0.1:6231  admin    pw-1      administrator\n',
    );
  });

  test('tell those of the Redfish service that shows all nodes', async () => {
    const redfish = [{ name: 'admin', password: 'pw-lab', privilege: 'administrator' }];
    here.daemon.answers.set('GET /v1/labs/pair/credentials', { json: { nodes: {}, redfish } });
    here.daemon.answers.set('GET /v1/labs', {
      json: [{ ...pair, redfish: { url: 'https://127.0.0.1:8443/redfish/v1' } }],
    });
    expect((await here.run('credentials', 'pair')).out).toBe(
      'NODE  BMC                                USER   PASSWORD  PRIVILEGE\n' +
        'all   https://127.0.0.1:8443/redfish/v1  admin  pw-lab    administrator\n',
    );
    expect((await here.run('credentials', 'pair', '--service', '--password')).out).toBe('pw-lab\n');
  });

  test('can be one password, for scripts', async () => {
    expect((await here.run('credentials', 'pair/node-0', '--password')).out).toBe('pw-0\n');
    expect((await here.run('credentials', 'pair/node-0', '--password', '--user', 'monitor')).out).toBe(
      'pw-m\n',
    );
    expect((await here.run('credentials', 'pair', '--password')).status).toBe(2);
    expect((await here.run('credentials', 'pair/node-0', '--user', 'nobody')).status).toBe(2);
    expect((await here.run('credentials', 'pair/node-9')).status).toBe(4);
  });
});
