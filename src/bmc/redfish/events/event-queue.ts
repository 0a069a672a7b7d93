import { BoundedQueue } from '../../../support/bounded-queue.ts';
import { type EventRecord, lossRecord } from './event-record.ts';

/** How many events wait for one subscriber. */
export const queueCapacity = 256;

/** The events that one subscriber has still to be told; when there are too many, the oldest are lost, and that is told. */
export class EventQueue extends BoundedQueue<EventRecord> {
  constructor() {
    super(queueCapacity, ({ id, at }) => lossRecord(`${id}-lost`, at));
  }
}
