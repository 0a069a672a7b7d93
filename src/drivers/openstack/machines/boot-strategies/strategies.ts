import type { BootStrategy } from '../../../../node/cloud-spec.ts';
import type { Firmware } from '../../../../node/spec.ts';
import { unreachable } from '../../../../support/errors.ts';
import type { IpxeImages } from '../ipxe-images.ts';
import { directorStrategy } from './director.ts';
import { ipxeDiskStrategy } from './ipxe-disk.ts';
import { noStrategy } from './none.ts';
import { pxeFirstStrategy } from './pxe-first.ts';
import { rescueStrategy } from './rescue.ts';
import type { Strategy } from './strategy.ts';

export type { Strategy } from './strategy.ts';

/** A strategy by its name, for a machine with that firmware; `none` for one whose image is missing. */
export function strategyOf(name: BootStrategy, firmware: Firmware, images: IpxeImages): Strategy {
  switch (name) {
    case 'director':
      return directorStrategy;
    case 'pxe-first':
      return pxeFirstStrategy;
    case 'rescue':
      return images.rescue === undefined ? noStrategy : rescueStrategy(images.rescue);
    case 'ipxe-disk': {
      const image = images.disk[firmware];
      return image === undefined ? noStrategy : ipxeDiskStrategy(image);
    }
    case 'none':
      return noStrategy;
    default:
      return unreachable(name);
  }
}
