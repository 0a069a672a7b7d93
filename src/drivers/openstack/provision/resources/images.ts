import { QuintupleoError } from '../../../../support/errors.ts';
import { isOpenStackError } from '../../client/api-error.ts';
import type { CallContext } from '../../client/call.ts';
import type { Image } from '../../client/image.ts';
import type { OpenStack } from '../../client/openstack.ts';

/**
 * The one usable image of that name or ID.
 * @param what - what needs it, for messages
 * @throws QuintupleoError `IMAGE_NOT_FOUND`, `IMAGE_AMBIGUOUS`
 */
export async function findImage(
  openstack: OpenStack,
  reference: string,
  what: string,
  ctx: CallContext,
): Promise<Image> {
  const named = (await openstack.image.list({ name: reference }, ctx)).filter(
    ({ status }) => status === 'active',
  );
  const [image, another] = named;
  if (image && !another) return image;
  if (another) {
    throw new QuintupleoError(`${what}: the cloud has ${named.length} images with the name ${reference}`, {
      family: 'config',
      code: 'IMAGE_AMBIGUOUS',
      remedy: `Give the ID of one in the lab file: ${named.map(({ id }) => id).join(', ')}.`,
    });
  }
  try {
    return await openstack.image.get(reference, ctx);
  } catch (error) {
    if (!isOpenStackError(error, 'not-found', 'bad-request')) throw error;
    throw new QuintupleoError(`${what}: the cloud has no image ${reference} that this project can see`, {
      family: 'config',
      code: 'IMAGE_NOT_FOUND',
      remedy: 'Look at the names with: openstack image list.',
    });
  }
}
