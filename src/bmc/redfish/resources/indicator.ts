import { z } from 'zod';
import type { Command } from '../../../node/command.ts';
import type { NodeState } from '../../../node/state.ts';
import type { JsonObject } from '../json.ts';

/** The light by which a node is found in its rack: its system and its chassis show the same one, under both names. */

const names = ['Lit', 'Off'] as const;

/** What clients may write; parts of a strict object. */
export const indicatorContent = {
  LocationIndicatorActive: z.boolean().optional(),
  IndicatorLED: z.enum(names).optional(),
};

export function indicatorBody({ identifyUntil }: NodeState): JsonObject {
  const lit = identifyUntil !== undefined;
  return {
    LocationIndicatorActive: lit,
    IndicatorLED: lit ? 'Lit' : 'Off',
    'IndicatorLED@Redfish.AllowableValues': names,
  };
}

/** What a client that wrote one of them wants; none when it wrote neither. */
export function indicatorCommands(content: {
  readonly LocationIndicatorActive?: boolean | undefined;
  readonly IndicatorLED?: (typeof names)[number] | undefined;
}): readonly Command[] {
  const lit = content.LocationIndicatorActive ?? (content.IndicatorLED && content.IndicatorLED === 'Lit');
  return lit === undefined ? [] : [{ type: 'identify', duration: lit ? Number.POSITIVE_INFINITY : 0 }];
}
