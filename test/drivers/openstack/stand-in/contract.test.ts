import { cloudContract } from '../cloud-contract.ts';
import { StandInCloud } from './stand-in-cloud.ts';
import { promptTiming } from './timing.ts';

cloudContract('stand-in', async () => {
  const cloud = await StandInCloud.start({
    timing: { ...promptTiming, step: 20, spawn: 20, storage: 20 },
    guestAcpi: 1,
  });
  return {
    config: cloud.config(),
    patience: 10_000,
    pace: 5,
    dispose: () => cloud[Symbol.asyncDispose](),
  };
});
