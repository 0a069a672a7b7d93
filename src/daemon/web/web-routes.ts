import type { WebRole } from './web-sessions.ts';

/** A route of the control API that the dashboard may use, and the least role that may. */
export interface WebRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly role: WebRole;
}

const node = '/v1/labs/:lab/nodes/:node';

/**
 * All of the control API that can be reached by web. What is not here cannot: labs are made and taken away, credentials
 * read and the daemon ended by the command line alone.
 */
export const webRoutes: readonly WebRoute[] = [
  { method: 'GET', path: '/v1/labs/:lab', role: 'ReadOnly' },
  { method: 'GET', path: '/v1/fault-kinds', role: 'ReadOnly' },
  { method: 'GET', path: '/v1/labs/:lab/faults', role: 'ReadOnly' },
  { method: 'GET', path: node, role: 'ReadOnly' },
  { method: 'GET', path: `${node}/why`, role: 'ReadOnly' },
  { method: 'GET', path: `${node}/events`, role: 'ReadOnly' },
  { method: 'GET', path: `${node}/timeline`, role: 'ReadOnly' },
  { method: 'GET', path: `${node}/sensors`, role: 'ReadOnly' },
  { method: 'GET', path: `${node}/media`, role: 'ReadOnly' },
  { method: 'GET', path: `${node}/console`, role: 'ReadOnly' },
  { method: 'GET', path: `${node}/reports`, role: 'ReadOnly' },
  // An address of a cloud's console lets whoever has it type.
  { method: 'GET', path: `${node}/screen`, role: 'Operator' },
  { method: 'POST', path: `${node}/power`, role: 'Operator' },
  { method: 'PUT', path: `${node}/boot`, role: 'Operator' },
  { method: 'PUT', path: `${node}/media`, role: 'Operator' },
  { method: 'PUT', path: `${node}/deploy`, role: 'Operator' },
  { method: 'POST', path: '/v1/labs/:lab/faults', role: 'Administrator' },
  { method: 'DELETE', path: '/v1/labs/:lab/faults', role: 'Administrator' },
  { method: 'DELETE', path: '/v1/labs/:lab/faults/:id', role: 'Administrator' },
];
