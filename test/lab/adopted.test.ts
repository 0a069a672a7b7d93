import { describe, expect, test } from 'vitest';
import { type AdoptedLab, adoptedLabFile } from '../../src/lab/adopted.ts';
import { parseLabFile } from '../../src/lab/lab-file.ts';

const lab: AdoptedLab = {
  name: 'adopted',
  cloud: 'mycloud',
  region: undefined,
  networks: [{ id: 'net-1', name: 'Provision Net', cidr: '192.0.2.0/24' }],
  servers: [
    {
      id: '6d7b6f0c-59a5-4d7a-8d0b-3a6f5d2c7e11',
      name: 'Web_1',
      cpus: 2,
      memory: 2048,
      firmware: 'uefi',
      disks: [{ source: 'local', size: 8 }],
      nics: [{ mac: '52:54:00:00:00:11', network: 'net-1' }],
    },
    {
      id: 'b0e0f4e6-53a5-4d7a-8d0b-3a6f5d2c7e12',
      name: 'web-1',
      cpus: 1,
      memory: 512,
      firmware: 'bios',
      disks: [],
      nics: [{ mac: 'fa:16:3e:00:00:12', network: 'net-1' }],
    },
  ],
};

describe('adoptedLabFile', () => {
  test('is a lab file whose nodes are the instances', () => {
    const result = parseLabFile(adoptedLabFile(lab), '/lab.yaml', { env: {}, readFile: () => '' });
    expect(result).toMatchObject({ ok: true });
    if (!result.ok) return;
    const { spec, driver } = result.definition;
    expect(driver).toMatchObject({ name: 'openstack', cloud: 'mycloud' });
    expect(spec.networks).toMatchObject([
      { name: 'provision-net', cidr: '192.0.2.0/24', cloud: { existing: 'net-1' } },
    ]);
    expect(spec.nodes).toMatchObject([
      { name: 'web-1', cpus: 2, memory: 2 ** 31, firmware: 'uefi', cloud: { existing: lab.servers[0]?.id } },
      { name: 'web-1-2', nics: [{ mac: 'fa:16:3e:00:00:12' }], cloud: { existing: lab.servers[1]?.id } },
    ]);
  });

  test('needs to know the addresses of a network', () => {
    const networks = [{ id: 'net-1', name: 'bare', cidr: undefined }];
    expect(() => adoptedLabFile({ ...lab, networks })).toThrow('the network bare has no IPv4 subnet');
  });
});
