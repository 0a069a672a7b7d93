import { beforeEach, describe, expect, test } from 'vitest';
import {
  MediaError,
  type MediaErrorKind,
  type MediaRequest,
  type MediaSource,
} from '../../../../src/bmc/redfish/media/media-source.ts';
import type { MediaImage } from '../../../../src/node/media.ts';
import { type Answer, createFixture, type Fixture, type FixtureOptions } from '../fixture.ts';
import { expectValid } from '../validate.ts';

const cd = '/redfish/v1/Managers/n1/VirtualMedia/Cd';
const usb = '/redfish/v1/Systems/n1/VirtualMedia/Usb';
const image = 'http://images.example/boot.iso';

/** Images that come when the test says so. */
class Images implements MediaSource {
  readonly asked: MediaRequest[] = [];
  readonly discarded: string[] = [];
  /** Fetches that wait. */
  readonly waiting: { readonly come: () => void; readonly fail: (error: Error) => void }[] = [];
  slow = false;
  failure: Error | undefined;

  async fetch(request: MediaRequest, signal: AbortSignal, progress: (share: number) => void) {
    this.asked.push(request);
    const file = `/images/${this.asked.length}.img`;
    progress(0.5);
    if (this.failure) throw this.failure;
    if (this.slow) {
      await new Promise<void>((come, fail) => {
        this.waiting.push({ come, fail });
        signal.addEventListener('abort', () => fail(signal.reason as Error), { once: true });
      });
    }
    return { url: request.url, file, size: 1 << 20, writeProtected: request.writeProtected };
  }

  async discard({ file }: MediaImage) {
    this.discarded.push(file);
  }
}

let images: Images;
let fixture: Fixture;

const begin = async (options: FixtureOptions = {}) => {
  images = new Images();
  fixture = await createFixture({ media: images, ...options });
};

beforeEach(() => begin());

const get = async (path: string) => (await fixture.ask('GET', path)).body;
const insert = (path: string, body: object): Promise<Answer> =>
  fixture.ask('POST', `${path}/Actions/VirtualMedia.InsertMedia`, body);
const eject = (path: string): Promise<Answer> =>
  fixture.ask('POST', `${path}/Actions/VirtualMedia.EjectMedia`, {});
/** Lets what needs no time happen. */
const settle = () => fixture.clock.advance(0);

/** A machine that does not take its media, until `problem` is taken away. */
function refuseMedia(): { problem: string | undefined } {
  const refusal: { problem: string | undefined } = { problem: 'the tray is locked' };
  const act = fixture.driver.act.bind(fixture.driver);
  fixture.driver.act = async (id, what, signal) => {
    if (what.action === 'set-media' && refusal.problem !== undefined) throw new Error(refusal.problem);
    return act(id, what, signal);
  };
  return refusal;
}

describe('VirtualMedia', () => {
  test('has a slot for each that the driver has', async () => {
    expect(await get('/redfish/v1/Systems/n1/VirtualMedia')).toMatchObject({
      Members: [
        { '@odata.id': '/redfish/v1/Systems/n1/VirtualMedia/Cd' },
        { '@odata.id': '/redfish/v1/Systems/n1/VirtualMedia/Usb' },
      ],
    });
    await begin({ capabilities: { mediaSlots: [] } });
    expect(await get('/redfish/v1/Managers/n1/VirtualMedia')).toMatchObject({ 'Members@odata.count': 0 });
    expect((await fixture.ask('GET', cd)).status).toBe(404);
    expect((await insert(cd, { Image: image })).status).toBe(404);
  });

  test('is empty at first', async () => {
    expect(await get(cd)).toMatchObject({
      MediaTypes: ['CD', 'DVD'],
      Inserted: false,
      Image: null,
      ConnectedVia: 'NotConnected',
      VerifyCertificate: true,
      Actions: {
        '#VirtualMedia.InsertMedia': {
          'TransferProtocolType@Redfish.AllowableValues': ['HTTP', 'HTTPS'],
        },
      },
    });
  });

  test('inserts and ejects, and shows the same at manager and system', async () => {
    expect((await insert(cd, { Image: image })).status).toBe(204);
    const shown = {
      Image: image,
      ImageName: 'boot.iso',
      Inserted: true,
      WriteProtected: true,
      ConnectedVia: 'URI',
      TransferMethod: 'Upload',
      TransferProtocolType: 'HTTP',
      UserName: null,
      Password: null,
    };
    expect(await get(cd)).toMatchObject(shown);
    expectValid(await get(cd));
    expect(await get('/redfish/v1/Systems/n1/VirtualMedia/Cd')).toMatchObject(shown);
    expect(await get(usb)).toMatchObject({ Inserted: false });
    expect((await eject(cd)).status).toBe(204);
    expect(await get(cd)).toMatchObject({ Image: null, Inserted: false });
    expect(images.discarded).toEqual(['/images/1.img']);
  });

  test('neither restarts the node nor changes what it boots from', async () => {
    await fixture.power('n1', 'on');
    const before = fixture.bmc('n1').node.state.durable;
    await insert(cd, { Image: image });
    const { boot, bootedAt, onSince } = fixture.bmc('n1').node.state.durable;
    expect({ boot, bootedAt, onSince }).toEqual({
      boot: before.boot,
      bootedAt: before.bootedAt,
      onSince: before.onSince,
    });
  });

  test('ejects what is not there without complaint', async () => {
    expect((await eject(cd)).status).toBe(204);
    expect(fixture.service.tasks.all).toEqual([]);
  });

  test('takes a body without a content type when it ejects, as sushy sends it', async () => {
    await insert(cd, { Image: image });
    const { status } = await fixture.ask('POST', `${cd}/Actions/VirtualMedia.EjectMedia`);
    expect(status).toBe(204);
    expect(await get(cd)).toMatchObject({ Inserted: false });
  });

  test('lets a stick be written to, but no disc', async () => {
    expect((await insert(usb, { Image: image, WriteProtected: false })).status).toBe(204);
    expect(await get(usb)).toMatchObject({ WriteProtected: false, MediaTypes: ['USBStick'] });
    const { status, text } = await insert(cd, { Image: image, WriteProtected: false });
    expect(status).toBe(400);
    expect(text).toContain('/WriteProtected');
  });

  test('gives credentials to the image’s server, and shows them to nobody', async () => {
    await insert(cd, { Image: image, UserName: 'olga', Password: 'hidden' });
    expect(images.asked).toMatchObject([{ username: 'olga', password: 'hidden' }]);
    expect(JSON.stringify([await get(cd), fixture.service.tasks.all, fixture.events])).not.toContain(
      'hidden',
    );
    const url = 'http://olga:hidden@images.example/boot.iso';
    images.failure = new MediaError('not-found', 'HTTP 404');
    const { text } = await insert(cd, { Image: url });
    expect(images.asked.at(-1)).toMatchObject({ url });
    expect(text).not.toContain('hidden');
    expect((await insert(cd, { Image: 'olga:hidden@images.example/boot.iso' })).text).not.toContain('hidden');
    expect(JSON.stringify(fixture.service.tasks.all)).not.toContain('hidden');
  });

  test('verifies certificates unless a client says otherwise, slot by slot', async () => {
    expect((await fixture.ask('PATCH', cd, { VerifyCertificate: false })).status).toBe(200);
    await insert(cd, { Image: image });
    await insert(usb, { Image: image });
    expect(images.asked.map(({ slot, verifyCertificate }) => [slot, verifyCertificate])).toEqual([
      ['cd', false],
      ['usb', true],
    ]);
    expect(await get(cd)).toMatchObject({ VerifyCertificate: false });
  });

  test('takes the protocol apart from the rest of the URL', async () => {
    await insert(cd, { Image: 'images.example/boot.iso', TransferProtocolType: 'HTTPS' });
    expect(images.asked).toMatchObject([{ url: 'https://images.example/boot.iso' }]);
  });

  test.each([
    [{}, 'ActionParameterMissing', '/Image'],
    [{ Image: 7 }, 'ActionParameterValueTypeError', '/Image'],
    [{ Image: 'boot.iso' }, 'ActionParameterValueFormatError', '/Image'],
    [
      { Image: image, TransferProtocolType: 'HTTPS' },
      'ActionParameterValueConflict',
      '/TransferProtocolType',
    ],
    [{ Image: image, TransferProtocolType: 'NFS' }, 'ActionParameterValueNotInList', '/TransferProtocolType'],
    [{ Image: image, Inserted: false }, 'ActionParameterValueNotInList', '/Inserted'],
    [{ Image: image, TransferMethod: 'Stream' }, 'ActionParameterValueNotInList', '/TransferMethod'],
    [{ Image: image, Colour: 'red' }, 'ActionParameterUnknown', '/Colour'],
  ])('refuses %j', async (body, id, pointer) => {
    const { status, text } = await insert(cd, body);
    expect(status).toBe(400);
    expect(text).toContain(id);
    expect(text).toContain(pointer);
    expect(images.asked).toEqual([]);
  });

  test.each([
    ['refused', 400, 'AccessDenied'],
    ['not-found', 400, 'ResourceMissingAtURI'],
    ['unauthorized', 400, 'ResourceAtUriUnauthorized'],
    ['too-large', 400, 'ActionParameterValueConflict'],
    ['no-space', 507, 'InsufficientStorage'],
    ['untrusted', 400, 'CouldNotEstablishConnection'],
    ['unreachable', 400, 'CouldNotEstablishConnection'],
    ['interrupted', 400, 'CouldNotEstablishConnection'],
    ['not-an-image', 400, 'ResourceAtUriInUnknownFormat'],
  ] as [MediaErrorKind, number, string][])(
    'says why an image is not to be had: %s',
    async (kind, expected, id) => {
      await insert(cd, { Image: image });
      images.failure = new MediaError(kind, 'the reason');
      const { status, text, at } = await insert(cd, { Image: 'http://images.example/other.iso' });
      expect(status).toBe(expected);
      expect(text).toContain(id);
      expect(at('/error/@Message.ExtendedInfo/0/Message')).toContain('the reason');
      expect(at('/error/@Message.ExtendedInfo/0/RelatedProperties')).toEqual(['/Image']);
      // What was there before is still there.
      expect(await get(cd)).toMatchObject({ Image: image, Inserted: true });
      expect(images.discarded).toEqual([]);
    },
  );
});

describe('an image that takes its time', () => {
  beforeEach(() => {
    images.slow = true;
  });

  test('is answered when it is in, and is a task meanwhile', async () => {
    const answer = insert(cd, { Image: image });
    await settle();
    expect(fixture.service.tasks.all).toMatchObject([{ state: 'Running', percent: 47 }]);
    expect(await get(cd)).toMatchObject({ Inserted: false, Image: null });
    images.waiting[0]?.come();
    await settle();
    expect((await answer).status).toBe(204);
    expect(fixture.service.tasks.all).toMatchObject([{ state: 'Completed' }]);
  });

  test('leaves the old one in place until it is there', async () => {
    images.slow = false;
    await insert(cd, { Image: image });
    images.slow = true;
    const answer = insert(cd, { Image: 'http://images.example/next.iso' });
    await settle();
    expect(await get(cd)).toMatchObject({ Image: image, Inserted: true });
    images.waiting[0]?.come();
    await answer;
    expect(await get(cd)).toMatchObject({ ImageName: 'next.iso', Inserted: true });
    expect(images.discarded).toEqual(['/images/1.img']);
  });

  test('becomes a task when it takes longer than clients wait', async () => {
    const answer = insert(cd, { Image: image });
    await fixture.clock.advance(50_000);
    const { status, headers } = await answer;
    expect(status).toBe(202);
    const { Location: monitor = '' } = headers;
    expect((await fixture.ask('GET', monitor)).status).toBe(202);
    images.waiting[0]?.come();
    await settle();
    expect((await fixture.ask('GET', monitor)).status).toBe(204);
    expect(await get(cd)).toMatchObject({ Inserted: true });
  });

  test('is a task at once for who asks so', async () => {
    const body = { Image: image };
    const path = `${cd}/Actions/VirtualMedia.InsertMedia`;
    const { status } = await fixture.ask('POST', path, body, { prefer: 'respond-async' });
    expect(status).toBe(202);
  });

  test('lets no second one into its slot', async () => {
    const first = insert(cd, { Image: image });
    await settle();
    const { status, text } = await insert(cd, { Image: image });
    expect(status).toBe(409);
    expect(text).toContain('ResourceInUse');
    const other = insert(usb, { Image: image });
    await settle();
    for (const { come } of images.waiting) come();
    await settle();
    expect([(await first).status, (await other).status]).toEqual([204, 204]);
  });

  test('is given up when the medium is ejected', async () => {
    const first = insert(cd, { Image: image });
    await settle();
    expect((await eject(cd)).status).toBe(204);
    expect((await first).status).toBe(409);
    images.slow = false;
    expect((await insert(cd, { Image: image })).status).toBe(204);
  });

  test('is given up when its node is served no more', async () => {
    const answer = insert(cd, { Image: image });
    await settle();
    await fixture.close('n1');
    const { status, text } = await answer;
    expect(status).toBe(404);
    expect(text).toContain('served no more');
  });

  test('that has come goes in before what ejects it, or not at all', async () => {
    for (let turns = 0; turns < 40; turns++) {
      const inserted = insert(cd, { Image: image });
      await settle();
      const ejected = eject(cd);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      images.waiting.at(-1)?.come();
      await settle();
      await inserted;
      expect((await ejected).status).toBe(204);
      expect(await get(cd), `${turns}`).toMatchObject({ Image: null, Inserted: false });
    }
  });

  test('is given up when its task is cancelled', async () => {
    const first = insert(cd, { Image: image });
    await settle();
    const [task] = fixture.service.tasks.all;
    fixture.service.tasks.remove(task?.id ?? '');
    expect((await first).status).toBe(409);
    expect(await get(cd)).toMatchObject({ Inserted: false });
  });
});

describe('a machine that does not take its medium', () => {
  test('gets back what it had, and the client is told why', async () => {
    await insert(cd, { Image: image });
    const refusal = refuseMedia();
    const answer = insert(cd, { Image: 'http://images.example/next.iso' });
    await settle();
    const { status, text } = await answer;
    expect(status).toBe(500);
    expect(text).toContain('the tray is locked');
    const shown = await get(cd);
    expect(shown).toMatchObject({ Image: image, Inserted: false, Status: { Health: 'Warning' } });
    expectValid(shown);
    refusal.problem = undefined;
    await fixture.clock.advance(10_000);
    expect(await get(cd)).toMatchObject({ Image: image, Inserted: true, Status: { Health: 'OK' } });
    expect(images.discarded).toEqual(['/images/2.img']);
  });

  test('keeps the image until it has let go of it', async () => {
    await insert(cd, { Image: image });
    const refusal = refuseMedia();
    const { status, text } = await eject(cd);
    expect(status).toBe(500);
    expect(text).toContain('the tray is locked');
    expect(images.discarded).toEqual([]);
    refusal.problem = undefined;
    await fixture.clock.advance(10_000);
    expect(images.discarded).toEqual(['/images/1.img']);
    expect(await get(cd)).toMatchObject({ Image: null });
  });
});

describe('older clients', () => {
  const patch = (body: object) => fixture.ask('PATCH', usb, body);

  test('insert and eject by PATCH', async () => {
    const { status, body } = await patch({ Image: image, Inserted: true, WriteProtected: false });
    expect(status).toBe(200);
    expect(body).toMatchObject({ Image: image, Inserted: true, WriteProtected: false });
    expect((await patch({ Image: null, Inserted: false })).status).toBe(200);
    expect(await get(usb)).toMatchObject({ Image: null, Inserted: false });
  });

  test('keep what they say of certificates if the image goes in', async () => {
    images.failure = new MediaError('not-found', 'it is not there');
    expect((await patch({ Image: image, VerifyCertificate: false })).status).toBe(400);
    expect(images.asked.at(-1)).toMatchObject({ verifyCertificate: false });
    expect(await get(usb)).toMatchObject({ VerifyCertificate: true });
    images.failure = undefined;
    expect((await patch({ Image: image, VerifyCertificate: false })).status).toBe(200);
    expect(await get(usb)).toMatchObject({ VerifyCertificate: false });
  });

  test.each([
    [{ Inserted: true }, '/Inserted'],
    [{ Image: image, Inserted: false }, '/Inserted'],
    [{ WriteProtected: true }, '/WriteProtected'],
    [{ Password: 'hidden' }, '/Password'],
    [{ Image: 'boot.iso' }, '/Image'],
  ])('are told what %j lacks', async (body, pointer) => {
    const { status, text } = await patch(body);
    expect(status).toBe(400);
    expect(text).toContain(pointer);
    expect(await get(usb)).toMatchObject({ Image: null, VerifyCertificate: true });
  });
});
