import { describe, expect, test } from 'vitest';
import { MediaError } from '../../../../src/bmc/redfish/media/media-source.ts';
import type { UpdateRequest, UpdateSource } from '../../../../src/bmc/redfish/update/update-source.ts';
import { type Answer, createFixture } from '../fixture.ts';

const simpleUpdate = '/redfish/v1/UpdateService/Actions/UpdateService.SimpleUpdate';
const inventory = '/redfish/v1/UpdateService/FirmwareInventory';

/** Has an image at every URL, or fails. */
class Images implements UpdateSource {
  readonly asked: UpdateRequest[] = [];
  content: readonly string[] = ['firmware'];
  failure: Error | undefined;

  async *open(request: UpdateRequest): AsyncGenerator<Uint8Array> {
    this.asked.push(request);
    if (this.failure) throw this.failure;
    for (const part of this.content) yield Buffer.from(part);
  }
}

async function createUpdates() {
  const images = new Images();
  const fixture = await createFixture({ service: { updates: images } });
  const { ask, clock } = fixture;
  const versions = async () => {
    const found: Record<string, unknown> = {};
    for (const bmc of ['n1', 'n2']) {
      for (const id of [`BMC-${bmc}`, `BIOS-${bmc}`]) {
        found[id] = (await ask('GET', `${inventory}/${id}`)).at('/Version');
      }
    }
    return found;
  };
  const ended = async (answer: Answer) => {
    expect(answer.status, answer.text).toBe(202);
    await clock.advance(0);
    return ask('GET', String(answer.at('/@odata.id')));
  };
  const update = (ImageURI: string, more: object = {}) => ask('POST', simpleUpdate, { ImageURI, ...more });
  return { ...fixture, images, versions, ended, update };
}

const before = { 'BMC-n1': '0.1.0', 'BIOS-n1': null, 'BMC-n2': '0.1.0', 'BIOS-n2': null };

describe('SimpleUpdate', () => {
  test('fetches an image as a task, after which the inventory has its version', async () => {
    const { update, ended, versions, images, restarted } = await createUpdates();
    expect(await versions()).toEqual(before);
    const target = `${inventory}/BMC-n1`;
    const answer = await update('http://192.0.2.1/fw/bmc-2.5.1.bin', {
      Targets: [target],
      Username: 'u',
      Password: 'hush',
    });
    const task = await ended(answer);
    expect(task.at('/TaskState')).toBe('Completed');
    expect(task.text).toContain('UpdateSuccessful');
    expect(task.text).not.toContain('hush');
    expect(images.asked).toEqual([
      { url: 'http://192.0.2.1/fw/bmc-2.5.1.bin', username: 'u', password: 'hush', verifyCertificate: false },
    ]);
    expect(await versions()).toEqual({ ...before, 'BMC-n1': '2.5.1' });
    expect(restarted).toEqual(['n1']);
  });

  test("shows nobody the credentials of an image's server, wherever they stand", async () => {
    const { update, ended } = await createUpdates();
    for (const ImageURI of ['http://u:hush@192.0.2.1/bmc-2.5.1.bin', 'u:hush@192.0.2.1/bmc-2.5.1.bin']) {
      const task = await ended(await update(ImageURI));
      expect(task.text).toContain('192.0.2.1/bmc-2.5.1.bin');
      expect(task.text).not.toContain('hush');
    }
  });

  test.each([
    ['bios-7.0.cap', {}, { 'BIOS-n1': '7.0', 'BIOS-n2': '7.0' }],
    ['bios-7.0.cap', { Targets: ['/redfish/v1/Systems/n2'] }, { 'BIOS-n2': '7.0' }],
    ['any-7.0.bin', { Targets: [`${inventory}/BIOS-n1`] }, { 'BIOS-n1': '7.0' }],
    ['any-7.0.bin', { Targets: ['/redfish/v1/Managers/n1'] }, { 'BMC-n1': '7.0' }],
    ['any-7.0.bin', { ExcludeTargets: ['/redfish/v1/Systems/n1'] }, { 'BMC-n2': '7.0' }],
    [
      'Fleet_BMC_v3.2.1-rc1.tar.gz',
      { Targets: [inventory] },
      { 'BMC-n1': '3.2.1-rc1', 'BMC-n2': '3.2.1-rc1' },
    ],
  ])('%s goes to %o', async (name, wanted, changed) => {
    const { update, ended, versions } = await createUpdates();
    const task = await ended(await update(`https://192.0.2.1/${name}`, wanted));
    expect(task.at('/TaskState')).toBe('Completed');
    expect(await versions()).toEqual({ ...before, ...changed });
  });

  test('an image says in its first line what it is', async () => {
    const { update, ended, versions, images } = await createUpdates();
    images.content = ['{"component": "BI', 'OS", "version": "9.9"}\n', 'the rest'];
    await ended(await update('http://192.0.2.1/firmware', { Targets: ['/redfish/v1/Systems/n1'] }));
    expect(await versions()).toEqual({ ...before, 'BIOS-n1': '9.9' });
  });

  test.each([
    ['an image that says no version', 'http://192.0.2.1/firmware', {}, 'VerificationFailed'],
    [
      'an image for something else',
      'http://192.0.2.1/bios-1.bin',
      { Targets: [`${inventory}/BMC-n1`] },
      'NoTargetsDetermined',
    ],
  ])('%s changes nothing', async (_, url, wanted, expected) => {
    const { update, ended, versions, restarted } = await createUpdates();
    const task = await ended(await update(url, wanted));
    expect(task.at('/TaskState')).toBe('Exception');
    expect(task.text).toContain(expected);
    expect(await versions()).toEqual(before);
    expect(restarted).toEqual([]);
  });

  test('an image that cannot be fetched is the end of the task, which says why', async () => {
    const { update, ended, images, ask } = await createUpdates();
    images.failure = new MediaError('not-found', 'http://192.0.2.1/x-1.bin: there is nothing');
    const answer = await update('http://bob:hush@192.0.2.1/x-1.bin');
    const task = await ended(answer);
    expect(task.at('/TaskState')).toBe('Exception');
    expect(task.text).toContain('TransferFailed');
    expect(task.text).toContain('there is nothing');
    expect(task.text).not.toContain('hush');
    const monitor = await ask('GET', answer.headers.Location ?? '');
    expect(monitor.status).toBe(400);
    expect(monitor.at('/error/code')).toContain('TransferFailed');
  });

  test.each([
    [{}, 'ActionParameterMissing'],
    [{ ImageURI: 'tftp://192.0.2.1/x-1.bin' }, 'ActionParameterValueFormatError'],
    [{ ImageURI: 'http://192.0.2.1/x-1.bin', TransferProtocol: 'SCP' }, 'ActionParameterValueNotInList'],
    [
      { ImageURI: 'http://192.0.2.1/x-1.bin', Targets: ['/redfish/v1/Systems/nobody'] },
      'ResourceMissingAtURI',
    ],
    [{ ImageURI: 'http://192.0.2.1/x-1.bin', '@Redfish.OperationApplyTime': 'OnReset' }, 'NotInList'],
  ])('what cannot be is refused: %o', async (body, expected) => {
    const { ask } = await createUpdates();
    const answer = await ask('POST', simpleUpdate, body);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(expected);
  });

  test('an address without a protocol is asked by that of the request', async () => {
    const { update, ended, images } = await createUpdates();
    await ended(await update('192.0.2.1/bmc-1.2.bin', { TransferProtocol: 'HTTPS' }));
    expect(images.asked[0]?.url).toBe('https://192.0.2.1/bmc-1.2.bin');
  });

  test('whether a server must show who it is is set at the service', async () => {
    const { ask, update, ended, images } = await createUpdates();
    const body = { VerifyRemoteServerCertificate: true };
    expect((await ask('PATCH', '/redfish/v1/UpdateService', body)).status).toBe(200);
    await ended(await update('https://192.0.2.1/bmc-1.2.bin'));
    expect(images.asked[0]?.verifyCertificate).toBe(true);
  });
});

describe('multipart push', () => {
  async function createPush() {
    const fixture = await createUpdates();
    const uri = String((await fixture.ask('GET', '/redfish/v1/UpdateService')).at('/MultipartHttpPushUri'));
    const push = async (fields: Readonly<Record<string, string | File>>) => {
      const form = new FormData();
      for (const [name, value] of Object.entries(fields)) form.append(name, value);
      const request = new Request('http://localhost', { method: 'POST', body: form });
      const type = request.headers.get('content-type') ?? '';
      const bytes = Buffer.from(await request.arrayBuffer());
      return fixture.ask('POST', uri, bytes, { 'content-type': type });
    };
    return { ...fixture, uri, push };
  }

  test('an image that a client sends goes where it says', async () => {
    const { push, ended, versions } = await createPush();
    const task = await ended(
      await push({
        UpdateParameters: JSON.stringify({
          Targets: [`${inventory}/BIOS-n2`],
          '@Redfish.OperationApplyTime': 'Immediate',
        }),
        UpdateFile: new File(['x'.repeat(300_000)], 'bios-4.4.rom'),
      }),
    );
    expect(task.at('/TaskState')).toBe('Completed');
    expect(await versions()).toEqual({ ...before, 'BIOS-n2': '4.4' });
  });

  test.each([
    ['no image', { UpdateParameters: '{}' }],
    ['no parameters', { UpdateFile: new File(['x'], 'bios-4.4.rom') }],
    ['parameters that are none', { UpdateParameters: '[1', UpdateFile: new File(['x'], 'bios-4.4.rom') }],
  ])('%s is refused', async (_, fields) => {
    const { push } = await createPush();
    const answer = await push(fields);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('MissingOrMalformedPart');
  });

  test('what is not made of parts is refused', async () => {
    const { ask, uri } = await createPush();
    expect((await ask('POST', uri, { ImageURI: 'x' })).status).toBe(415);
    expect((await ask('GET', uri)).status).toBe(405);
  });
});

test('a client that may only read starts no update', async () => {
  const { ask } = await createUpdates();
  const authorization = `Basic ${Buffer.from('bob:reader').toString('base64')}`;
  expect(
    (await ask('POST', simpleUpdate, { ImageURI: 'http://192.0.2.1/x-1.bin' }, { authorization })).status,
  ).toBe(403);
});
