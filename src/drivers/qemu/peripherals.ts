import { asRecord, type QmpClient } from './qmp.ts';

/** The ids of the devices that are plugged in and have one. */
export async function peripherals(qmp: QmpClient, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const entries = await qmp.execute('qom-list', { path: '/machine/peripheral' }, { signal });
  const names = Array.isArray(entries) ? entries.map(entry => asRecord(entry)?.name) : [];
  return new Set(names.filter(name => typeof name === 'string'));
}
