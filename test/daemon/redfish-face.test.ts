import { expect, test } from 'vitest';
import { RedfishFace } from '../../src/daemon/redfish-face.ts';
import { systemClock } from '../../src/support/clock.ts';
import { silentLog } from '../../src/support/log.ts';

test('a service that cannot be made is an error that the client is told, and tried again', async () => {
  let tries = 0;
  const open = async () => {
    tries++;
    throw new Error('half of a file');
  };
  const face = new RedfishFace(open, { clock: systemClock, log: silentLog });
  const ask = () =>
    face.handle({
      method: 'GET',
      url: '/redfish/v1',
      headers: {},
      body: (async function* () {})(),
      remote: '192.0.2.7',
      signal: new AbortController().signal,
    });
  for (const asked of [1, 2]) {
    const { status, body } = await ask();
    expect(status).toBe(500);
    expect(String(body)).toContain('InternalError');
    expect(String(body)).not.toContain('half of');
    expect(tries).toBe(asked);
  }
});
