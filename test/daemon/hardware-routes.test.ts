import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { ApiError } from '../../src/daemon/api.ts';
import type { MediaStatus, ScreenAnswer, SensorReading } from '../../src/daemon/api-watch.ts';
import { redfishLab, startDaemon } from './harness.ts';

const node = '/v1/labs/test/nodes/node-1';

test('sensors read what the machine’s power makes of them', async () => {
  await using daemon = await startDaemon();
  await daemon.run('POST', '/v1/labs/apply', redfishLab(1));
  const read = async () => {
    const { body } = await daemon.call<SensorReading[]>('GET', `${node}/sensors`);
    return body.find(({ name }) => name === 'CPU Temp');
  };
  expect(await read()).toMatchObject({ unit: '°C', state: 'unavailable' });
  await daemon.call('POST', `${node}/power`, { action: 'on', wait: 5_000 });
  expect(await read()).toMatchObject({ value: 36, state: 'ok' });
});

test('a medium is put in and ejected', async () => {
  const image = createServer((_request, response) => response.end(Buffer.alloc(4096, 1)));
  await new Promise<void>(resolve => image.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(image.address() as AddressInfo).port}/disc.iso`;
  await using daemon = await startDaemon();
  await daemon.run('POST', '/v1/labs/apply', redfishLab(1, { destinations: ['127.0.0.1'] }));
  expect((await daemon.call<MediaStatus>('GET', `${node}/media`)).body).toEqual({});
  const put = await daemon.call<MediaStatus>('PUT', `${node}/media`, { slot: 'cd', url });
  expect(put.body).toEqual({ cd: url });
  expect((await daemon.call<MediaStatus>('PUT', `${node}/media`, { slot: 'cd' })).body).toEqual({});
  image.close();
});

test('a medium that is not to be had is refused, and changes nothing', async () => {
  await using daemon = await startDaemon();
  await daemon.run('POST', '/v1/labs/apply', redfishLab(1));
  for (const url of ['file:///etc/passwd', 'http://127.0.0.1:1/none.iso', 'nonsense']) {
    const { status, body } = await daemon.call<ApiError>('PUT', `${node}/media`, { slot: 'cd', url });
    expect(status, url).toBeGreaterThanOrEqual(400);
    expect(body.code, url).toBe('NO_MEDIUM');
  }
  expect((await daemon.call('PUT', `${node}/media`, { slot: 'tape', url: 'http://x/' })).status).toBe(400);
  expect((await daemon.call<MediaStatus>('GET', `${node}/media`)).body).toEqual({});
});

test('a machine without a screen says so', async () => {
  await using daemon = await startDaemon();
  await daemon.run('POST', '/v1/labs/apply', redfishLab(1));
  expect((await daemon.call<ScreenAnswer>('GET', `${node}/screen`)).body).toEqual({
    kind: 'none',
    why: 'Machines of the driver simulated have none.',
  });
});
