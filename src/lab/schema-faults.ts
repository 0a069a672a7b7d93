import * as z from 'zod';
import { faultSchema } from '../faults/fault.ts';
import { duration, whole, words } from './schema-parts.ts';

const labFault = z
  .strictObject({
    fault: faultSchema,
    nodes: z.array(words('the name of a node, or a pattern such as worker-*')).min(1).optional().meta({
      description: 'Names of nodes, in which `*` stands for anything. Default: all.',
    }),
    for: duration().optional().meta({
      description: 'How long, from when the lab is served. Default: until it is lifted.',
    }),
    seed: whole(0, 2 ** 31 - 1)
      .optional()
      .meta({ description: 'What chance depends on: by the same seed, the same happens again.' }),
  })
  .meta({ title: 'lab fault', description: 'Something that is made wrong with nodes on purpose.' });

/** The faults of a lab file. */
export const faultsSchema = z.array(labFault).max(100, { error: 'has more than 100 faults.' }).meta({
  description: 'What is made wrong on purpose whenever the lab begins to be served.',
});

/** What the faults of a lab file read. */
export type FaultsContent = z.output<typeof faultsSchema>;
