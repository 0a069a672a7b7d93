import { createSocket } from 'node:dgram';
import { expect, test } from 'vitest';
import type { BootProgressStep, NodeStatus } from '../../src/daemon/api.ts';
import { answersPing } from '../../src/daemon/bmc-ping.ts';
import { examineNode, type NodeInQuestion } from '../../src/daemon/why.ts';
import { noOverride } from '../../src/node/boot.ts';
import { type Finding, fail } from '../../src/support/finding.ts';
import { nodeStatus } from '../cli/fake-daemon.ts';
import { everything } from '../node/model.ts';
import { simulatedLab, startDaemon } from './harness.ts';

const pxe = { ...noOverride, enabled: 'once', target: 'pxe' } as const;

const step = (change: Partial<BootProgressStep>): BootProgressStep => ({
  ...{ at: 0, mac: '52:54:00:00:00:01', what: 'firmware', answer: 'network', file: undefined },
  ...{ status: 200, times: 1, ...change },
});

function examine(
  status: Partial<NodeStatus>,
  change: Partial<NodeInQuestion> = {},
  platform: readonly Finding[] = [],
): Finding[] {
  const question: NodeInQuestion = {
    status: nodeStatus('lab', 'node-0', { boot: pxe, ...status }),
    capabilities: everything,
    addresses: [{ address: '192.0.2.1', port: 8623, trouble: undefined }],
    bmcAnswers: true,
    now: 10_000,
    ...change,
  };
  return examineNode(question, platform);
}

/** What is not well, as `RESULT CHECK`. */
const ills = (findings: readonly Finding[]) =>
  findings.filter(({ result }) => result !== 'ok').map(({ result, check }) => `${result} ${check}`);

test('nothing stands in the way of a node that is told to netboot', () => {
  expect(ills(examine({}))).toEqual([]);
  expect(ills(examine({ power: 'on', bootProgress: [step({})] }))).toEqual([]);
});

test.each<[string, Partial<NodeStatus>, string]>([
  ['nobody told it to', { boot: noOverride }, 'warn boot override'],
  ['it was told to boot from something else', { boot: { ...pxe, target: 'disk' } }, 'warn boot override'],
  ['its power is not known', { power: 'unknown' }, 'fail power'],
  [
    'its last command failed',
    { lastResult: { id: 1, action: 'on', outcome: 'failed', message: 'no host', at: 0 } },
    'fail power',
  ],
  [
    'its BMC cannot listen',
    { bmc: { address: '127.0.0.1', port: 6230, users: [], problem: 'taken' } },
    'fail BMC',
  ],
  ['somebody else asked in its name', { bootProgress: [step({ status: 403 })] }, 'fail boot progress'],
  ['nobody knew what it shall boot', { bootProgress: [step({ answer: 'failed' })] }, 'fail boot progress'],
])('%s', (_what, status, ill) => {
  expect(ills(examine(status))).toEqual([ill]);
});

test('its platform cannot, nobody answers, the director is not there', () => {
  expect(ills(examine({}, { capabilities: { ...everything, bootTargets: ['disk'] } }))).toEqual([
    'fail boot override',
  ]);
  expect(ills(examine({}, { bmcAnswers: false }))).toEqual(['fail BMC']);
  const addresses = [{ address: '192.0.2.1', port: 8623, trouble: 'no such interface' }];
  expect(ills(examine({}, { addresses }))).toEqual(['fail boot director']);
});

test('an interface that is not there is told once, by the driver if it has noticed', () => {
  const addresses = [
    { address: 'fe80::b:c%pxe0', port: 80, trouble: 'there is no interface pxe0' },
    { address: '192.0.2.1', port: 8623, trouble: 'bind EADDRNOTAVAIL 192.0.2.1:8623' },
  ];
  expect(ills(examine({}, { addresses }))).toEqual(['fail boot director']);
  const plug = fail('this host on provisioning', 'there is no interface pxe0');
  expect(ills(examine({}, { addresses }, [plug]))).toEqual(['fail this host on provisioning']);
});

test('what was asked last is told with the answer and the time', () => {
  const findings = examine({ boot: noOverride, bootProgress: [step({ at: 4_000, times: 2 })] });
  expect(findings.find(({ check }) => check === 'boot progress')?.message).toBe(
    'its firmware asked what to boot, was told network, 6 s ago, 2 times in a row',
  );
  expect(findings.find(({ check }) => check === 'boot override')?.message).toContain('its last boot used it');
});

test('a BMC that is served answers a ping, and a deaf one does not', async () => {
  await using daemon = await startDaemon();
  await daemon.run('POST', '/v1/labs/apply', simulatedLab(1));
  const { body } = await daemon.call<Finding[]>('GET', '/v1/labs/test/nodes/node-1/why');
  expect(body.find(({ check }) => check === 'BMC')).toMatchObject({ result: 'ok' });
  expect((await daemon.call('GET', '/v1/labs/test/nodes/none/why')).status).toBe(404);

  const deaf = createSocket('udp4');
  await new Promise<void>(resolve => deaf.bind(0, '127.0.0.1', resolve));
  expect(await answersPing('0.0.0.0', deaf.address().port)).toBe(false);
  await new Promise<void>(resolve => deaf.close(() => resolve()));
});
