import type { ApiError } from '../../src/daemon/api.ts';
import { session } from './session.ts';

/** Why the daemon did not do what it was asked for. */
export class Refusal extends Error {
  /** HTTP; 0: the daemon was not reached. */
  readonly status: number;
  readonly remedy: string | undefined;

  constructor(status: number, message: string, remedy?: string) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.remedy = remedy;
  }
}

/**
 * How far the daemon's clock is before this one, in milliseconds: ages are counted by the daemon's. Its answers tell
 * the time in whole seconds, so less than two is nothing.
 */
let clockAhead = 0;

/** The daemon's time, in milliseconds since the epoch. */
export function daemonNow(): number {
  return Date.now() + clockAhead;
}

/** @throws {Refusal} */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await ask(path, signal ? { signal } : {});
  return (await response.json()) as T;
}

/**
 * Asks for something to be changed.
 *
 * @throws {Refusal}
 */
export async function send<T>(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<T | undefined> {
  const { value } = session;
  const response = await ask(path, {
    method,
    headers: {
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...(value.state === 'in' && { 'X-CSRF-Token': value.session.csrf }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return text === '' ? undefined : (JSON.parse(text) as T);
}

/**
 * The answer to a request that the daemon agreed to.
 *
 * @throws {Refusal}
 */
export async function ask(path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(path, { ...init, credentials: 'same-origin' }).catch((error: unknown) => {
    if (init.signal?.aborted) throw error;
    throw new Refusal(0, 'The daemon does not answer.');
  });
  const date = Date.parse(response.headers.get('date') ?? '');
  if (!Number.isNaN(date)) clockAhead = Math.abs(date - Date.now()) < 2000 ? 0 : date - Date.now();
  if (response.ok) return response;
  if (response.status === 401 && session.value.state === 'in') session.value = { state: 'out', ended: true };
  const error = (await response.json().catch(() => undefined)) as Partial<ApiError> | undefined;
  throw new Refusal(response.status, error?.message ?? `HTTP ${response.status}`, error?.remedy);
}
