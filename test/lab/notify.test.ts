import { expect, test } from 'vitest';
import { parseLabFile } from '../../src/lab/lab-file.ts';

const sources = {
  env: { HOOK_SECRET: 'of the environment' },
  readFile: (): string => {
    throw new Error('no such file');
  },
};

function parse(notify: string) {
  const text = `lab: pair\ndriver: simulated\nnetworks: {lan: {cidr: 192.0.2.0/24}}\nnodes: [{name: node}]\n${notify}`;
  return parseLabFile(text, '/labs/pair.yaml', sources);
}

function notifyOf(notify: string) {
  const result = parse(notify);
  return result.ok ? result.definition.notify : result.problems.map(({ line, text }) => `${line}: ${text}`);
}

test('a lab file names who is told of events; what it leaves away is filled in', () => {
  const notify = `notify:
  webhooks: [{url: https://hooks.example.org/lab, secret: {env: HOOK_SECRET}, severity: warning}]
  traps: [{address: 192.0.2.9}]
  file: {path: events.jsonl}
`;
  expect(notifyOf(notify)).toEqual({
    webhooks: [
      {
        url: 'https://hooks.example.org/lab',
        secret: 'of the environment',
        severity: 'warning',
        verifyCertificate: true,
      },
    ],
    traps: [{ address: '192.0.2.9', port: 162, community: 'public', severity: 'ok' }],
    file: { path: '/labs/events.jsonl', size: 10 * 2 ** 20, keep: 4 },
    destinations: undefined,
  });
});

test('a file of events without a path is the daemon’s to place', () => {
  expect(notifyOf('notify: {file: true}\n')).toMatchObject({ file: { path: undefined, keep: 4 } });
  expect(notifyOf('notify: {file: false}\n')).toMatchObject({ file: undefined });
});

test('without the section nobody is told', () => {
  expect(notifyOf('')).toBeUndefined();
});

test.each([
  ['webhooks: [{url: http://127.0.0.1/hook}]', /^6: url cannot be told: .*127\.0\.0\.1.*destinations/],
  ['webhooks: [{url: ftp://example.org/}]', /^6: url "ftp:\/\/example.org\/" is not a URL/],
  ['traps: [{address: 239.1.2.3}]', /^6: address "239.1.2.3" is not an address of a host/],
  ['traps: [{address: 192.0.2.9, port: 0}]', /^6: port/],
  ['file: {size: 1KiB}', /^6: size "1KiB" is out of range/],
  ['destinations: ["no/such"]', /^6: destination "no\/such"/],
  ['webhooks: [{url: "https://example.org", secret: {env: NOT_SET}}]', /NOT_SET is not set/],
])('%s is reported at its place', (line, expected) => {
  expect(notifyOf(`notify:\n  ${line}\n`)).toEqual([expect.stringMatching(expected)]);
});

test('a host that destinations name may be told, this one too', () => {
  const notify = 'notify: {webhooks: [{url: "http://127.0.0.1/hook"}], destinations: [127.0.0.1]}\n';
  expect(notifyOf(notify)).toMatchObject({ destinations: ['127.0.0.1'] });
});
