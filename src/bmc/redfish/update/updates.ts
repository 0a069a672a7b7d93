import { withoutCredentials } from '../../../support/credentials.ts';
import { imageProblem } from '../media/media-problem.ts';
import { MediaError } from '../media/media-source.ts';
import { type Message, message } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import type { RedfishService, TaskWork } from '../model.ts';
import { nameOfUrl, readImage, type UpdateImage } from './update-image.ts';
import { type Firmware, firmwareId, firmwarePath } from './update-inventory.ts';
import type { UpdateRequest } from './update-source.ts';
import { chosenFirmware, type UpdateTarget } from './update-targets.ts';

/**
 * Updates of firmware. There is no such firmware: what an update changes is the version that the inventory tells, and a
 * controller that was updated starts anew, as a real one does.
 */

/** What an update is for. */
export interface UpdateScope {
  readonly targets: readonly UpdateTarget[];
  readonly excluded: readonly UpdateTarget[];
}

/** Share of an update that is fetching its image. */
const fetchingShare = 0.9;

/** Of an image whose size nobody knows, half is taken to be there at this many bytes. */
const halfway = 16 * 2 ** 20;

/** Fetches an image and puts it in place. */
export function fetchedUpdate(service: RedfishService, request: UpdateRequest, scope: UpdateScope): TaskWork {
  return async (signal, progress) => {
    const image = await fetchImage(service, request, signal, share => progress(share * fetchingShare));
    return install(service, image, scope);
  };
}

/** Puts an image in place that has come already. */
export function pushedUpdate(service: RedfishService, image: UpdateImage, scope: UpdateScope): TaskWork {
  return () => install(service, image, scope);
}

async function fetchImage(
  { updates }: RedfishService,
  request: UpdateRequest,
  signal: AbortSignal,
  progress: (share: number) => void,
): Promise<UpdateImage> {
  const name = nameOfUrl(request.url);
  try {
    return await readImage(name, updates.open(request, signal), bytes => progress(bytes / (bytes + halfway)));
  } catch (error) {
    if (!(error instanceof MediaError)) throw error;
    const problem = imageProblem(error, withoutCredentials(request.url), ['/ImageURI']);
    const failed = message('Update.TransferFailed', [name, 'the update service']);
    throw new RedfishProblem(problem.status, [failed, ...problem.messages]);
  }
}

async function install(
  service: RedfishService,
  image: UpdateImage,
  { targets, excluded }: UpdateScope,
): Promise<readonly Message[]> {
  const chosen = chosenFirmware(targets, excluded, image.kind);
  if (chosen.length === 0) throw new RedfishProblem(400, message('Update.NoTargetsDetermined', [image.name]));
  const messages: Message[] = [];
  for (const firmware of chosen) {
    await setVersion(firmware, image.version);
    messages.push(message('Update.UpdateSuccessful', [firmwarePath(firmware), image.name]));
    service.events.publish({
      message: message('ResourceEvent.ResourceChanged'),
      origin: firmwarePath(firmware),
      at: service.clock.now(),
    });
  }
  for (const { bmc, kind } of chosen) if (kind === 'BMC') bmc.restart();
  return messages;
}

async function setVersion(firmware: Firmware, version: string): Promise<void> {
  const { settings } = firmware.bmc;
  await settings.change({ firmware: { ...settings.value.firmware, [firmwareId(firmware)]: version } });
}
