import { z } from 'zod';
import type { CallContext, CreateOptions } from './call.ts';
import { type ServerGroup, serverGroupSchema } from './compute-types.ts';
import type { Session } from './session.ts';

/** How a server group places its servers. */
export type ServerGroupPolicy = 'affinity' | 'anti-affinity' | 'soft-affinity' | 'soft-anti-affinity';

// 2.15 knows the soft policies; from 2.64 on a group's policy has another form, which is not needed here.
const microversion = '2.15';

/** Nova's groups of servers that are kept together or apart. */
export class ServerGroups {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async list(ctx: CallContext): Promise<ServerGroup[]> {
    const call = { service: 'compute', method: 'GET', path: '/os-server-groups', microversion } as const;
    const answer = await this.#session.call(call, ctx);
    return answer.read(z.looseObject({ server_groups: z.array(serverGroupSchema) })).server_groups;
  }

  create(
    group: { readonly name: string; readonly policy: ServerGroupPolicy },
    options: CreateOptions<ServerGroup>,
    ctx: CallContext,
  ): Promise<ServerGroup> {
    const body = { server_group: { name: group.name, policies: [group.policy] } };
    const schema = z.looseObject({ server_group: serverGroupSchema });
    return this.#session.create(
      { service: 'compute', method: 'POST', path: '/os-server-groups', body, microversion },
      answer => answer.read(schema).server_group,
      options.find,
      ctx,
    );
  }

  /** One that is gone is no error. */
  async delete(id: string, ctx: CallContext): Promise<void> {
    await this.#session.remove(
      { service: 'compute', method: 'DELETE', path: `/os-server-groups/${id}`, microversion },
      ctx,
    );
  }
}
