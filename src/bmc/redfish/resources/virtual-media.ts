import { z } from 'zod';
import type { MediaImage, MediaSlot } from '../../../node/media.ts';
import { withoutCredentials } from '../../../support/credentials.ts';
import type { JsonObject } from '../json.ts';
import { checkIdle, eject, hasMedia, insert, isInserting, type SlotWork } from '../media/media-slots.ts';
import type { MediaRequest } from '../media/media-source.ts';
import { message } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import type { RedfishBmc } from '../model.ts';
import { managerPath, systemPath } from '../nodes/paths.ts';
import {
  action,
  collectionBody,
  done,
  type NodeAt,
  nodeResource,
  type Outcome,
  type Route,
  writing,
} from '../resource.ts';
import { answerWhenEnded, type Errand } from '../tasks/task-answer.ts';

/**
 * Virtual media: at the system and, where older clients look for it, at the manager. An image is fetched as a whole
 * before it is put in; that neither restarts the node nor changes what it boots from. @see schema VirtualMedia
 */

const slots: Readonly<
  Record<MediaSlot, { readonly id: string; readonly name: string; readonly types: readonly string[] }>
> = {
  cd: { id: 'Cd', name: 'Virtual CD', types: ['CD', 'DVD'] },
  usb: { id: 'Usb', name: 'Virtual USB Stick', types: ['USBStick'] },
};

const protocols = ['HTTP', 'HTTPS'] as const;

/** How an image is to be had. */
const source = {
  UserName: z.string().max(255).nullish(),
  Password: z.string().max(255).nullish(),
  WriteProtected: z.boolean().optional(),
  TransferMethod: z.enum(['Upload']).nullish(),
  TransferProtocolType: z.enum(protocols).nullish(),
};

const imageUrl = z.string().min(1).max(2048);

const insertion = z.strictObject({ Image: imageUrl, Inserted: z.literal(true).optional(), ...source });

const content = z.strictObject({
  Image: imageUrl.nullish(),
  Inserted: z.boolean().nullish(),
  VerifyCertificate: z.boolean().optional(),
  ...source,
});

type Insertion = z.infer<typeof insertion>;
type Content = z.infer<typeof content>;
type Method = Errand['method'];

export const virtualMediaRoutes: readonly Route[] = [
  ...mediaOf('/redfish/v1/Systems/{system}', systemPath),
  ...mediaOf('/redfish/v1/Managers/{manager}', managerPath),
];

function mediaOf(template: string, pathOf: (bmc: RedfishBmc) => string): readonly Route[] {
  return [
    nodeResource({
      path: `${template}/VirtualMedia`,
      schema: 'VirtualMediaCollection',
      read: ({ bmc }) =>
        collectionBody(
          'Virtual Media',
          bmc.node.capabilities.mediaSlots.map(slot => `${pathOf(bmc)}/VirtualMedia/${slots[slot].id}`),
        ),
    }),
    nodeResource({
      path: `${template}/VirtualMedia/{media}`,
      schema: 'VirtualMedia',
      read: at => {
        const slot = slotAt(at);
        return slot && mediaBody(at.bmc, slot);
      },
      patch: writing(content, patch),
      actions: {
        'VirtualMedia.InsertMedia': action(insertion, (at: NodeAt, wanted) => putIn(at, wanted, 'POST'), {
          allowable: () => ({
            'TransferMethod@Redfish.AllowableValues': ['Upload'],
            'TransferProtocolType@Redfish.AllowableValues': protocols,
          }),
        }),
        'VirtualMedia.EjectMedia': action(z.strictObject({}), (at: NodeAt) => takeOut(at, 'POST')),
      },
    }),
  ];
}

function slotAt({ bmc, params }: NodeAt): MediaSlot | undefined {
  return bmc.node.capabilities.mediaSlots.find(slot => slots[slot].id === params.media);
}

function existingSlot(at: NodeAt): MediaSlot {
  const slot = slotAt(at);
  if (!slot) throw new RedfishProblem(404, message('Base.ResourceMissingAtURI', [at.path]));
  return slot;
}

function mediaBody(bmc: RedfishBmc, slot: MediaSlot): JsonObject {
  const { state } = bmc.node;
  const image = state.durable.media[slot];
  const { id, name, types } = slots[slot];
  return {
    Id: id,
    Name: name,
    MediaTypes: types,
    ConnectedVia: image ? 'URI' : 'NotConnected',
    Image: image?.url ?? null,
    ImageName: image ? nameOf(image) : null,
    Inserted: image !== undefined && hasMedia(state),
    WriteProtected: image?.writeProtected ?? null,
    TransferMethod: image ? 'Upload' : null,
    TransferProtocolType: image ? (protocolOf(image.url) ?? null) : null,
    UserName: null,
    Password: null,
    VerifyCertificate: verifies(bmc, slot),
    Status: statusOf(state.mediaProblem),
  };
}

/** What the machine lacks is told of every slot: which of them it is, the platform does not say. */
function statusOf(problem: string | undefined): JsonObject {
  if (problem === undefined) return { State: 'Enabled', Health: 'OK' };
  const told = message('ResourceEvent.ResourceErrorsDetected', ['Image', problem]);
  const { MessageId, Message, MessageArgs, MessageSeverity } = told;
  return {
    State: 'Enabled',
    Health: 'Warning',
    Conditions: [{ MessageId, Message, MessageArgs, Severity: MessageSeverity }],
  };
}

function nameOf({ url }: MediaImage): string {
  const path = URL.canParse(url) ? new URL(url).pathname : url;
  return path.slice(path.lastIndexOf('/') + 1) || path;
}

function protocolOf(url: string): (typeof protocols)[number] | undefined {
  return protocols.find(protocol => url.toLowerCase().startsWith(`${protocol.toLowerCase()}://`));
}

function verifies({ settings }: RedfishBmc, slot: MediaSlot): boolean {
  return settings.value.verifyMediaServer[slot] ?? true;
}

async function keepVerifying({ settings }: RedfishBmc, slot: MediaSlot, verify: boolean): Promise<void> {
  await settings.change({ verifyMediaServer: { ...settings.value.verifyMediaServer, [slot]: verify } });
}

function slotWork({ bmc, service, user }: NodeAt): SlotWork {
  return { bmc, clock: service.clock, log: service.log, by: user.name };
}

/** Older clients insert and eject by what they write into the properties. */
async function patch(at: NodeAt, wanted: Content): Promise<Outcome> {
  const slot = existingSlot(at);
  const { Image: image, Inserted: inserted, VerifyCertificate: verify } = wanted;
  if (image && inserted === false) throw conflict('Inserted');
  const ejects = image === null || inserted === false;
  if (!image) refuseWithoutImage(at.bmc.node.state.durable.media[slot], wanted, ejects);
  if (image) {
    const { Inserted: _, VerifyCertificate: __, ...how } = wanted;
    return putIn(at, { ...how, Image: image }, 'PATCH', verify);
  }
  if (verify !== undefined) await keepVerifying(at.bmc, slot, verify);
  return ejects ? takeOut(at, 'PATCH') : done;
}

/** How an image is to be had says nothing when there is none; what says what is so already may stand there. */
function refuseWithoutImage(present: MediaImage | undefined, wanted: Content, ejects: boolean): void {
  if (ejects) return;
  if (wanted.Inserted && !present) throw conflict('Inserted');
  if (wanted.WriteProtected !== undefined && wanted.WriteProtected !== present?.writeProtected) {
    throw conflict('WriteProtected');
  }
  for (const name of ['UserName', 'Password', 'TransferMethod', 'TransferProtocolType'] as const) {
    if (typeof wanted[name] === 'string') throw conflict(name);
  }
}

function conflict(property: string): RedfishProblem {
  return new RedfishProblem(
    400,
    message('Base.PropertyValueConflict', [property, 'Image'], [`/${property}`]),
  );
}

/** @param verify - whether the server's certificate counts, from now on, if the image goes in */
async function putIn(at: NodeAt, wanted: Insertion, method: Method, verify?: boolean): Promise<Outcome> {
  const slot = existingSlot(at);
  const request = {
    ...requestOf(slot, wanted, method),
    verifyCertificate: verify ?? verifies(at.bmc, slot),
  };
  checkIdle(at.bmc, slot);
  return answerWhenEnded(at, {
    name: `Insert ${withoutCredentials(request.url)} into ${at.bmc.id}`,
    path: method === 'POST' ? `${at.path}/Actions/VirtualMedia.InsertMedia` : at.path,
    method,
    body: { Image: withoutCredentials(request.url), WriteProtected: request.writeProtected },
    work: async (signal, progress) => {
      await insert(slotWork(at), request, signal, progress);
      if (verify !== undefined) await keepVerifying(at.bmc, slot, verify);
      return [];
    },
  });
}

async function takeOut(at: NodeAt, method: Method): Promise<Outcome> {
  const slot = existingSlot(at);
  const isEmpty = !at.bmc.node.state.durable.media[slot] && !isInserting(at.bmc, slot);
  if (isEmpty) return done;
  return answerWhenEnded(at, {
    name: `Eject the medium of ${at.bmc.id}`,
    path: method === 'POST' ? `${at.path}/Actions/VirtualMedia.EjectMedia` : at.path,
    method,
    body: method === 'POST' ? {} : { Image: null },
    work: async () => {
      await eject(slotWork(at), slot);
      return [];
    },
  });
}

function requestOf(
  slot: MediaSlot,
  wanted: Insertion,
  method: Method,
): Omit<MediaRequest, 'verifyCertificate'> {
  const { WriteProtected: writeProtected = true, UserName, Password } = wanted;
  if (slot === 'cd' && !writeProtected) throw unmet('WriteProtected', 'false', method);
  return {
    slot,
    url: urlOf(wanted, method),
    username: UserName ?? undefined,
    password: Password ?? undefined,
    writeProtected,
  };
}

/** The image's URL; its scheme may be said apart. */
function urlOf({ Image: image, TransferProtocolType: protocol }: Insertion, method: Method): string {
  const hasScheme = /^[a-z][a-z\d+.-]*:\/\//i.test(image);
  const url = hasScheme || !protocol ? image : `${protocol.toLowerCase()}://${image}`;
  if (!URL.canParse(url)) {
    const shown = withoutCredentials(image);
    const told =
      method === 'POST'
        ? message(
            'Base.ActionParameterValueFormatError',
            [shown, 'Image', 'VirtualMedia.InsertMedia'],
            ['/Image'],
          )
        : message('Base.PropertyValueFormatError', [shown, 'Image'], ['/Image']);
    throw new RedfishProblem(400, told);
  }
  if (protocol && protocolOf(url) !== protocol) throw unmet('TransferProtocolType', protocol, method);
  return url;
}

function unmet(name: string, value: string, method: Method): RedfishProblem {
  const told =
    method === 'POST'
      ? message('Base.ActionParameterValueConflict', [name, value], [`/${name}`])
      : message('Base.PropertyValueIncorrect', [name, value], [`/${name}`]);
  return new RedfishProblem(400, told);
}
