import { signal } from '@preact/signals';
import { daemonNow } from '../http.ts';

/** The daemon's time, to the second: for ages. Stands still while nobody looks. */
export const now = signal(daemonNow());

setInterval(() => {
  if (!document.hidden) now.value = daemonNow();
}, 1000);
