import { describe, expect, test } from 'vitest';
import { makeIdentity } from '../../src/support/certificate.ts';
import { definitionOf, linesOf, parse, sources } from './fixtures.ts';

const identityOf = () => makeIdentity({ name: 'lab', notBefore: 0, notAfter: 4e12 });

describe("the nodes' own Redfish services", () => {
  const endpoints = (text: string) =>
    Object.values(definitionOf(text).bmcs).map(
      ({ redfish }) => redfish && `${redfish.address}:${redfish.port}`,
    );

  test('are where IPMI is: on their usual port where each BMC has an address, else on ports of their own', () => {
    expect(
      endpoints(
        'lab: x\nbmc: {ipmi: {address: 127.1.0.10-127.1.0.19}}\nnodes: [{name: "a{index}", count: 2}]',
      ),
    ).toEqual(['127.1.0.10:443', '127.1.0.11:443']);
    expect(
      endpoints(
        'lab: x\nbmc: {ipmi: {address: 127.0.0.9, port: 6230}}\nnodes: [{name: "a{index}", count: 2}]',
      ),
    ).toEqual(['127.0.0.9:undefined', '127.0.0.9:undefined']);
  });

  test('keep away from privileged ports as IPMI does', () => {
    expect(
      endpoints('lab: x\nbmc: {ipmi: {address: 127.1.0.10-127.1.0.19, port: 6230}}\nnodes: [{name: a}]'),
    ).toEqual(['127.1.0.10:undefined']);
  });

  test('take consecutive ports, or consecutive addresses, of their own', () => {
    expect(
      endpoints('lab: x\nbmc: {redfish: {port: 8000}}\nnodes: [{name: "a{index}", count: 2}, {name: b}]'),
    ).toEqual(['127.0.0.1:8000', '127.0.0.1:8001', '127.0.0.1:8002']);
    expect(
      endpoints(
        'lab: x\nbmc: {redfish: {address: 127.2.0.1-127.2.0.9, port: 8443}}\nnodes: [{name: "a{index}", count: 2}]',
      ),
    ).toEqual(['127.2.0.1:8443', '127.2.0.2:8443']);
    expect(
      endpoints(
        'lab: x\nbmc: {ipmi: {address: 127.1.0.10-127.1.0.19}, redfish: {port: 8443}}\nnodes: [{name: "a{index}", count: 2}]',
      ),
    ).toEqual(['127.1.0.10:8443', '127.1.0.11:8443']);
  });

  test('can be left away for all or some, without moving those of others', () => {
    expect(
      endpoints('lab: x\nbmc: {redfish: false}\nnodes: [{name: a}, {name: b, bmc: {redfish: true}}]'),
    ).toEqual([undefined, '127.0.0.1:undefined']);
    expect(
      endpoints(
        'lab: x\nbmc: {ipmi: {address: 127.1.0.10-127.1.0.19}}\nnodes: [{name: a, bmc: {redfish: false}}, {name: b}]',
      ),
    ).toEqual([undefined, '127.1.0.11:443']);
  });

  test('go along where a group moves its BMCs, and never two to one place', () => {
    expect(
      endpoints(
        'lab: x\nbmc: {ipmi: {address: 127.1.0.10-127.1.0.19}}\n' +
          'nodes: [{name: a}, {name: b, bmc: {ipmi: {address: 127.3.0.1-127.3.0.2}}}]',
      ),
    ).toEqual(['127.1.0.10:443', '127.3.0.1:443']);
    expect(
      endpoints(
        'lab: x\nbmc: {ipmi: {address: 127.1.0.10-127.1.0.19}}\n' +
          'nodes: [{name: a}, {name: b, bmc: {ipmi: {port: 6230}}}]',
      ),
    ).toEqual(['127.1.0.10:443', '127.1.0.10:undefined']);
  });
});

describe("the lab's Redfish service", () => {
  const redfishOf = (section: string, from = sources()) =>
    definitionOf(
      `lab: x\nnodes: [{name: a}]\nbmc: {username: root, users: [{name: u}]}\nredfish: ${section}`,
      from,
    ).redfish;

  test('has the users of the lab, and what its section says', () => {
    const redfish = redfishOf(
      '{address: 127.0.0.5, port: 8443, tls: false, sessionTimeout: 1h, destinations: [192.0.2.0/24, "*.example.org"], mediaLimit: 4GiB}',
    );
    expect(redfish).toEqual({
      service: {
        address: '127.0.0.5',
        port: 8443,
        users: [
          { name: 'root', password: undefined, privilege: 'administrator' },
          { name: 'u', password: undefined, privilege: 'user' },
        ],
      },
      tls: false,
      identity: undefined,
      sessionTimeout: 3_600_000,
      destinations: ['192.0.2.0/24', '*.example.org'],
      mediaLimit: 4 * 2 ** 30,
    });
  });

  test('can be left away, and the nodes keep theirs', () => {
    const { redfish, bmcs } = definitionOf('lab: x\nnodes: [{name: a}]\nredfish: false');
    expect(redfish?.service).toBeUndefined();
    expect(bmcs.a?.redfish).toBeDefined();
    expect(redfishOf('true')?.service).toBeDefined();
  });

  test('takes a certificate and its key from files', async () => {
    const identity = await identityOf();
    const files = sources({}, { 'lab.crt': identity.certificate, 'lab.key': identity.key });
    const redfish = redfishOf('{certificate: {file: lab.crt}, key: {file: lab.key}}', files);
    expect(redfish?.identity).toEqual(identity);
  });

  test('of a service instance is at its address', () => {
    const { redfish, bmcs } = definitionOf(`
lab: x
driver: openstack
networks: { m: { cidr: 192.168.25.0/24 } }
nodes: [{ name: a, nics: [m] }]
bmc: { ipmi: { address: 192.168.25.10-192.168.25.19 } }
service: { on: instance, network: m }
`);
    expect(redfish?.service).toMatchObject({ address: '192.168.25.254', port: 443 });
    expect(bmcs.a?.redfish).toEqual({ address: '192.168.25.10', port: 443 });
  });
});

describe('a redfish section with', () => {
  const problemsOf = (section: string, from = sources()) =>
    linesOf(parse(`lab: x\nnodes: [{name: a}]\nredfish: ${section}`, from));

  test.each([
    ['the wrong form', 'on', 'lab.yaml:3:10: redfish "on" must be true, false, or a mapping'],
    ['a misspelt key', '{adress: 127.0.0.1}', 'lab.yaml:3:11: unknown key "adress". Did you mean "address"?'],
    [
      'a range',
      '{address: 127.0.0.1-127.0.0.9}',
      'lab.yaml:3:20: address "127.0.0.1-127.0.0.9" is not an IPv4 address.',
    ],
    [
      'an address that is none',
      '{address: 300.0.0.1}',
      'lab.yaml:3:20: address "300.0.0.1" is not an address of a host.',
    ],
    [
      'a session that never ends',
      '{sessionTimeout: 48h}',
      'lab.yaml:3:27: sessionTimeout "48h" is out of range. Use 30s to 24h.',
    ],
    ['tiny media', '{mediaLimit: 1kB}', 'lab.yaml:3:23: mediaLimit "1kB" is out of range.'],
    [
      'a URL as destination',
      '{destinations: [any, "http://x"]}',
      'lab.yaml:3:31: destination "http://x" is no address, network or host name.',
    ],
    ['half an identity', '{certificate: {file: c}}', 'lab.yaml:3:11: certificate needs key.'],
    ['a certificate that is none', '{certificate: x, key: y}', 'lab.yaml:3:24: certificate cannot be read:'],
  ])('%s', (_, section, expected) => {
    expect(problemsOf(section)[0]?.slice(0, expected.length)).toBe(expected);
  });

  test('the key of another certificate', async () => {
    const [one, other] = await Promise.all([identityOf(), identityOf()]);
    const files = sources({}, { c: one.certificate, k: other.key });
    expect(problemsOf('{certificate: {file: c}, key: {file: k}}', files)).toEqual([
      'lab.yaml:3:40: key is not that of the certificate. Give the one with which the certificate was made.',
    ]);
  });

  test('a place that a node has', () => {
    const text = 'lab: x\nnodes: [{name: a}]\nbmc: {redfish: {port: 8443}}\nredfish: {port: 8443}';
    expect(linesOf(parse(text))).toEqual([
      'lab.yaml:4:17: the Redfish services of a and the lab would both listen on 127.0.0.1:8443. Give one of them another port or address.',
    ]);
  });
});
