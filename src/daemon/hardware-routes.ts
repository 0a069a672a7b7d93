import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { eject, insert, type SlotWork } from '../bmc/redfish/media/media-slots.ts';
import { RedfishProblem } from '../bmc/redfish/messages/problem.ts';
import { DriverError } from '../node/driver.ts';
import type { NodeRunner } from '../node/runner.ts';
import { readSensor, type SensorSpec, sensors, sensorUnits, type Thresholds } from '../node/sensors.ts';
import type { Clock } from '../support/clock.ts';
import { QuintupleoError } from '../support/errors.ts';
import type { Logger } from '../support/log.ts';
import { currentRequest } from '../support/request-scope.ts';
import type { MediaStatus, ScreenAnswer, SensorReading } from './api-watch.ts';
import type { Labs } from './labs.ts';

const mediaRequest = z.strictObject({
  slot: z.enum(['cd', 'usb']),
  url: z.string().min(1).max(2048).optional(),
});

const node = '/v1/labs/:lab/nodes/:node';

/** Adds the routes of what is in a node: its sensors, its removable media, its screen. */
export function addHardwareRoutes(
  app: Hono,
  { labs, clock, log }: { readonly labs: Labs; readonly clock: Clock; readonly log: Logger },
): void {
  app.get(`${node}/sensors`, context => {
    const { bmc, runner } = lookUp(context);
    return context.json(
      sensors.map(sensor => readingOf(sensor, bmc?.thresholds(sensor) ?? sensor.thresholds, runner)),
    );
  });

  app.get(`${node}/media`, context => context.json(mediaOf(lookUp(context).runner)));
  app.put(`${node}/media`, async context => {
    const { slot, url } = mediaRequest.parse(await context.req.json());
    const { bmc, runner, name } = lookUp(context);
    if (!bmc || !runner.capabilities.mediaSlots.includes(slot)) {
      throw new QuintupleoError(`${name} takes nothing in a slot ${slot}`, {
        family: 'user',
        code: 'NO_SLOT',
      });
    }
    const work: SlotWork = { bmc, clock, log, by: currentRequest()?.origin.by ?? 'control API' };
    const image =
      url === undefined ? undefined : { slot, url, verifyCertificate: true, writeProtected: true };
    try {
      if (image) await insert(work, image, context.req.raw.signal, () => undefined);
      else await eject(work, slot);
    } catch (error) {
      throw error instanceof RedfishProblem ? refusalOf(error, name) : error;
    }
    return context.json(mediaOf(runner));
  });

  app.get(`${node}/screen`, async context => {
    const { lab, name } = lookUp(context);
    try {
      const screen = await lab.nodes.screen(name, context.req.raw.signal);
      const answer: ScreenAnswer = screen.kind === 'vnc' ? { kind: 'vnc' } : screen;
      return context.json(answer);
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      throw new QuintupleoError(`${name}: ${error.message}`, { family: 'platform', code: 'NO_SCREEN' });
    }
  });

  function lookUp(context: Context) {
    const lab = labs.get(context.req.param('lab') ?? '');
    const name = context.req.param('node') ?? '';
    return { lab, name, runner: lab.nodes.node(name), bmc: lab.nodes.redfishOf(name) };
  }
}

function readingOf(sensor: SensorSpec, limits: Thresholds, { state }: NodeRunner): SensorReading {
  const value = readSensor(sensor, state);
  const { name, unit } = sensor;
  return { name, value, unit: sensorUnits[unit], state: stateOf(value, limits) };
}

function stateOf(value: number | undefined, limits: Thresholds): SensorReading['state'] {
  if (value === undefined) return 'unavailable';
  const { lowerCritical, lowerNonCritical, upperNonCritical, upperCritical } = limits;
  const isBeyond = (lower = Number.NEGATIVE_INFINITY, upper = Number.POSITIVE_INFINITY) =>
    value <= lower || value >= upper;
  if (isBeyond(lowerCritical, upperCritical)) return 'critical';
  return isBeyond(lowerNonCritical, upperNonCritical) ? 'warning' : 'ok';
}

/** Of the slots that the node has; JSON has no `undefined`, so an empty one is left away. */
function mediaOf({ state }: NodeRunner): MediaStatus {
  const { cd, usb } = state.durable.media;
  return { cd: cd?.url, usb: usb?.url };
}

function refusalOf({ status, message }: RedfishProblem, name: string): QuintupleoError {
  return new QuintupleoError(`${name}: ${message}`, {
    family: status >= 500 ? 'platform' : 'config',
    code: 'NO_MEDIUM',
  });
}
