import { z } from 'zod';
import { withoutCredentials } from '../../../support/credentials.ts';
import { boundaryOf, type Part, partsOf } from '../http/multipart.ts';
import type { JsonObject } from '../json.ts';
import { message } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import type { RedfishService } from '../model.ts';
import type { RedfishRequest } from '../protocol/request.ts';
import {
  action,
  done,
  link,
  type Outcome,
  type ServiceAt,
  serviceEndpoint,
  serviceResource,
  writing,
} from '../resource.ts';
import { longestImage, readImage, type UpdateImage } from '../update/update-image.ts';
import { updateTargets } from '../update/update-targets.ts';
import { fetchedUpdate, pushedUpdate, type UpdateScope } from '../update/updates.ts';

const path = '/redfish/v1/UpdateService';
const pushPath = `${path}/update-multipart`;

const protocols = ['HTTP', 'HTTPS'] as const;

const uris = z.array(z.string().max(1024)).max(4096);

/** What clients may say of an update, wherever its image comes from. */
const scopeProperties = {
  Targets: uris.optional(),
  ExcludeTargets: uris.optional(),
  // There are no versions that it is not allowed to go back to.
  ForceUpdate: z.boolean().optional(),
  '@Redfish.OperationApplyTime': z.enum(['Immediate']).optional(),
};

/** @see schema UpdateService */
export const updateService = serviceResource({
  path,
  schema: 'UpdateService',
  read: ({ service }) => ({
    Id: 'UpdateService',
    Name: 'Update Service',
    ServiceEnabled: true,
    Status: { State: 'Enabled', Health: 'OK' },
    FirmwareInventory: link(`${path}/FirmwareInventory`),
    MultipartHttpPushUri: pushPath,
    MaxImageSizeBytes: longestImage,
    SupportedUpdateImageFormats: ['VendorDefined'],
    VerifyRemoteServerCertificate: service.settings.value.verifyUpdateServer,
  }),
  patch: writing(
    z.strictObject({ VerifyRemoteServerCertificate: z.boolean().optional() }),
    async ({ service }: ServiceAt, { VerifyRemoteServerCertificate: verify }) => {
      if (verify !== undefined) await service.settings.change({ verifyUpdateServer: verify });
      return done;
    },
  ),
  actions: {
    'UpdateService.SimpleUpdate': action(
      z.strictObject({
        ...scopeProperties,
        ImageURI: z.string().min(1).max(4096),
        TransferProtocol: z.enum(protocols).optional(),
        Username: z.string().max(256).optional(),
        Password: z.string().max(256).optional(),
        Stage: z.literal(false).optional(),
        LocalImage: z.literal(false).optional(),
      }),
      async (at: ServiceAt, wanted) => {
        const { service } = at;
        const request = {
          url: urlOf(wanted.ImageURI, wanted.TransferProtocol ?? 'HTTP'),
          username: wanted.Username,
          password: wanted.Password,
          verifyCertificate: service.settings.value.verifyUpdateServer,
        };
        const work = fetchedUpdate(service, request, scopeOf(service, wanted));
        const target = {
          path: `${path}/Actions/UpdateService.SimpleUpdate`,
          method: 'POST',
          body: { ...wanted, ImageURI: withoutCredentials(wanted.ImageURI) },
        };
        return { kind: 'task', task: service.tasks.start('Firmware Update', target, work) };
      },
      { allowable: () => ({ 'TransferProtocol@Redfish.AllowableValues': protocols }) },
    ),
  },
});

/** Images that clients send. @see DSP0266 §12.6 (software update) */
export const updatePush = serviceEndpoint({
  path: pushPath,
  schema: 'UpdateService',
  post: async ({ service }, request): Promise<Outcome> => {
    const { image, parameters } = await pushed(request);
    const work = pushedUpdate(service, image, scopeOf(service, parameters));
    const target = { path: pushPath, method: 'POST', body: parameters };
    return { kind: 'task', task: service.tasks.start('Firmware Update', target, work) };
  },
});

const updateParameters = z.strictObject(scopeProperties);
type UpdateParameters = z.infer<typeof updateParameters>;

function scopeOf(
  service: RedfishService,
  { Targets = [], ExcludeTargets = [] }: UpdateParameters,
): UpdateScope {
  return {
    targets: updateTargets(service, Targets),
    excluded: ExcludeTargets.length === 0 ? [] : updateTargets(service, ExcludeTargets, '/ExcludeTargets'),
  };
}

/** The URL of an image; one that names no protocol is taken to be of that which the client names. */
function urlOf(uri: string, protocol: (typeof protocols)[number]): string {
  const url = /^[a-z][a-z\d+.-]*:\/\//i.test(uri)
    ? uri
    : `${protocol.toLowerCase()}://${uri.replace(/^\/\//, '')}`;
  if (/^https?:\/\//i.test(url) && URL.canParse(url)) return url;
  const shown = withoutCredentials(uri).slice(0, 200);
  const args = [shown, 'ImageURI', 'UpdateService.SimpleUpdate'];
  throw new RedfishProblem(400, message('Base.ActionParameterValueFormatError', args, ['/ImageURI']));
}

/** Reads the parts that a client sends: what it says of the update, and the image. */
async function pushed({
  headers,
  body,
}: RedfishRequest): Promise<{ image: UpdateImage; parameters: UpdateParameters & JsonObject }> {
  let image: UpdateImage | undefined;
  let parameters: (UpdateParameters & JsonObject) | undefined;
  for await (const part of partsOf(body, boundaryOf(headers['content-type']))) {
    if (part.name === 'UpdateParameters') parameters = await parametersOf(part);
    if (part.name === 'UpdateFile') image = await readImage(part.fileName ?? 'image', part.content);
  }
  if (image && parameters) return { image, parameters };
  throw new RedfishProblem(400, message('Base.MissingOrMalformedPart'));
}

/** Most bytes of what a client says of an update. */
const longestParameters = 65_536;

async function parametersOf({ content }: Part): Promise<UpdateParameters & JsonObject> {
  const bytes: Buffer[] = [];
  let size = 0;
  for await (const part of content) {
    size += part.length;
    if (size > longestParameters) throw new RedfishProblem(413, message('Base.PayloadTooLarge'));
    bytes.push(part);
  }
  const parsed = updateParameters.safeParse(jsonOf(Buffer.concat(bytes).toString()));
  if (parsed.success) return parsed.data;
  throw new RedfishProblem(400, message('Base.MissingOrMalformedPart'));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
