import type { Json, JsonObject } from '../../../src/bmc/redfish/json.ts';
import type { Answer, Fixture } from './fixture.ts';

/** What a path answered, and who linked to it. */
export interface Visit {
  readonly path: string;
  readonly from: string;
  readonly answer: Answer;
}

/** Follows every link from the service root on. */
export async function walk({ ask }: Pick<Fixture, 'ask'>): Promise<readonly Visit[]> {
  const visits: Visit[] = [];
  const todo = new Map([['/redfish/v1/', '']]);
  // What is found meanwhile is appended, and so visited too.
  for (const [path, from] of todo) {
    const answer = await ask('GET', path);
    visits.push({ path, from, answer });
    for (const link of linksOf(answer.body)) if (!todo.has(link)) todo.set(link, path);
  }
  return visits;
}

/** Paths of this service that a body leads to; not those that only a POST may go to, nor endless streams. */
function linksOf(body: Json | undefined): readonly string[] {
  if (body === null || typeof body !== 'object') return [];
  if (Array.isArray(body)) return body.flatMap(linksOf);
  return Object.entries(body as JsonObject).flatMap(([name, value]) => {
    const isLink = ['@odata.id', 'Uri', 'DataSourceUri', '@odata.nextLink', 'AdditionalDataURI'].includes(
      name,
    );
    if (isLink && typeof value === 'string' && value.startsWith('/')) return [value.split('#')[0] ?? ''];
    return linksOf(value);
  });
}
