import type { Enrolment } from '../../src/enrol/enrolment.ts';
import { type ExportOptions, exportOptions } from '../../src/lab/exports.ts';

/** A lab with all that enrolments tell of: a UEFI node with two disks and networks, and a BIOS node with one. */
export const example: Enrolment = {
  version: 1,
  lab: 'rack',
  networks: [
    { name: 'provisioning', cidr: '192.168.24.0/24', dhcp: false },
    { name: 'storage', cidr: '172.18.0.0/24', dhcp: false },
  ],
  certificate: {
    pem: '-----BEGIN CERTIFICATE-----\nMIIBexample\n-----END CERTIFICATE-----\n',
    fingerprint: '4E:5C:E4:60',
    selfSigned: true,
  },
  nodes: [
    {
      name: 'control-0',
      index: 0,
      uuid: '525a0cd8-98ec-5ad3-b48c-93c177fc07f1',
      role: 'control',
      architecture: 'x86_64',
      cpus: 4,
      memory: 8 * 2 ** 30,
      firmware: 'uefi',
      secureBoot: false,
      disks: [
        { name: 'root', size: 40 * 2 ** 30, serial: 'root' },
        { name: 'data', size: 100 * 2 ** 30, serial: 'data' },
      ],
      nics: [
        { mac: '52:54:00:4b:19:d4', network: 'provisioning', addresses: ['192.168.24.20'], netboot: true },
        { mac: '52:54:00:12:34:56', network: 'storage', addresses: [], netboot: false },
      ],
      ipmi: {
        address: '192.0.2.10',
        port: 623,
        username: 'admin',
        password: 'first-secret',
        privilege: 'administrator',
        kg: null,
      },
      redfish: {
        url: 'https://192.0.2.10',
        systemPath: '/redfish/v1/Systems/control-0',
        username: 'admin',
        password: 'first-secret',
      },
    },
    {
      name: 'compute-0',
      index: 1,
      uuid: '8c5f1435-53fd-5c4d-ab9b-9dde6c9162e0',
      role: null,
      architecture: 'x86_64',
      cpus: 2,
      memory: 4 * 2 ** 30,
      firmware: 'bios',
      secureBoot: false,
      disks: [{ name: 'disk-0', size: 20 * 2 ** 30, serial: null }],
      nics: [{ mac: '52:54:00:e1:ae:a6', network: 'provisioning', addresses: [], netboot: true }],
      ipmi: {
        address: '192.0.2.11',
        port: 6231,
        username: 'admin',
        password: "it's on",
        privilege: 'operator',
        kg: null,
      },
      redfish: {
        url: 'https://192.0.2.11:8443',
        systemPath: '/redfish/v1/Systems/compute-0',
        username: 'admin',
        password: "it's on",
      },
    },
  ],
};

/** Options, with the rest filled in. */
export function options(given: Partial<ExportOptions> = {}): ExportOptions {
  return exportOptions(given);
}
