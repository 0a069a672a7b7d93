import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a fake Ironic was asked. */
export interface Asked {
  readonly what: string;
  readonly body: unknown;
  readonly headers: IncomingHttpHeaders;
}

/** A node as the fake has it. */
export interface FakeNode {
  readonly uuid: string;
  driver: string;
  readonly ports: { address: string }[];
  provision_state: string;
  last_error: string | null;
  /** States that it goes through, one each time somebody looks. */
  coming: string[];
}

/** Gives its own answer to a request, or leaves it to the fake. */
export type Behaviour = (asked: Asked) => { readonly status: number; readonly body: unknown } | undefined;

/** An Ironic that knows nodes and ports, over real HTTP. */
export interface FakeIronic extends AsyncDisposable {
  readonly url: string;
  readonly asked: Asked[];
  readonly nodes: Map<string, FakeNode>;
  /** Asked before anything else, the first one first. */
  readonly behaviours: Behaviour[];
}

/** @param provisioning - the states that follow each order */
export async function fakeIronic(
  provisioning: Readonly<Record<string, readonly string[]>> = {
    manage: ['verifying', 'manageable'],
    provide: ['cleaning', 'available'],
  },
): Promise<FakeIronic> {
  const asked: Asked[] = [];
  const nodes = new Map<string, FakeNode>();
  const behaviours: Behaviour[] = [];

  function answer(request: Asked): { status: number; body?: unknown } {
    for (const behaviour of behaviours) {
      const own = behaviour(request);
      if (own) return own;
    }
    const [method = '', path = ''] = request.what.split(' ');
    const [, , kind, uuid = '', below] = path.split(/[/?]/);
    const body = (request.body ?? {}) as Record<string, string>;
    const node = nodes.get(kind === 'ports' ? (body.node_uuid ?? '') : uuid);
    if (method === 'POST' && kind === 'nodes') {
      const made = {
        ...{ uuid: body.uuid ?? '', driver: body.driver ?? '', ports: [], coming: [] },
        ...{ provision_state: 'enroll', last_error: null },
      };
      nodes.set(made.uuid, made);
      return { status: 201, body: made };
    }
    if (!node) return { status: 404, body: fault('no such node') };
    if (method === 'POST') {
      node.ports.push({ address: body.address ?? '' });
      return { status: 201, body: {} };
    }
    if (method === 'PUT') {
      node.coming = [...(provisioning[body.target ?? ''] ?? [])];
      node.provision_state = node.coming.shift() ?? node.provision_state;
      return { status: 202 };
    }
    if (below === 'ports') return { status: 200, body: { ports: node.ports } };
    const seen = { ...node };
    node.provision_state = node.coming.shift() ?? node.provision_state;
    return { status: 200, body: seen };
  }

  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const { method, url, headers } = request;
    const one = { what: `${method} ${url}`, body: text === '' ? undefined : JSON.parse(text), headers };
    asked.push(one);
    const { status, body } = answer(one);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(body === undefined ? '' : JSON.stringify(body));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...{ url: `http://127.0.0.1:${port}`, asked, nodes, behaviours },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

/** An error as Ironic words it. */
export function fault(text: string): unknown {
  return { error_message: JSON.stringify({ faultstring: text }) };
}
