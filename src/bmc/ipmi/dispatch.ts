import type { Logger } from '../../support/log.ts';
import { onBehalfOf, RequestScope } from '../../support/request-scope.ts';
import type { CommandContext, CommandResponse, IpmiCommand, Session } from './command.ts';
import { NetFn } from './command.ts';
import { CompletionCode } from './completion.ts';
import { hasPrivilege } from './privilege.ts';
import type { Request } from './wire/message.ts';

/** All commands of all BMCs, to be found by what a request names. Made once a process. */
export class CommandTable {
  readonly #commands = new Map<number, IpmiCommand>();

  /** @throws RangeError when two commands have the same place, which is a mistake in the groups */
  constructor(commands: readonly IpmiCommand[]) {
    for (const command of commands) {
      const key = keyOf(command.netFn, command.command, command.group);
      const other = this.#commands.get(key);
      if (other) throw new RangeError(`${command.name} and ${other.name} are the same command`);
      this.#commands.set(key, command);
    }
  }

  find(netFn: number, command: number, group: number | undefined): IpmiCommand | undefined {
    return this.#commands.get(keyOf(netFn, command, group));
  }
}

function keyOf(netFn: number, command: number, group: number | undefined): number {
  return (netFn << 16) | (command << 8) | (netFn === NetFn.groupExtension ? (group ?? 0) : 0);
}

/**
 * Carries out a request. Checked in this order: LUN, is there such a command, may it be asked, is it of the right
 * length. Outside a session, every command but those for everybody is refused alike, whether it exists or not.
 * A handler that throws is answered for.
 *
 * The defining body's byte of group extensions is taken off the data and put in front of the response here.
 * @see IPMI 2.0 §5.2, table 5-2
 */
export function dispatch(
  table: CommandTable,
  context: CommandContext,
  request: Request,
  log: Logger,
): CommandResponse | Promise<CommandResponse> {
  const group = request.netFn === NetFn.groupExtension ? request.data[0] : undefined;
  const command = table.find(request.netFn, request.command, group);
  const data = group === undefined ? request.data : request.data.subarray(1);
  const refusal = refusalOf(context.session, request, command, data);
  if (refusal !== undefined || command === undefined) {
    return complete(group, { code: refusal ?? CompletionCode.invalidCommand });
  }
  const failure = (error: unknown): CommandResponse => {
    log.error({ err: error, command: command.name }, 'IPMI command failed');
    return complete(group, { code: CompletionCode.unspecified });
  };
  try {
    const response = onBehalfOf(scopeOf(command, context.session), () => command.handle(context, data));
    if (!(response instanceof Promise)) return complete(group, response);
    return response.then(late => complete(group, late)).catch(failure);
  } catch (error) {
    return failure(error);
  }
}

/** Nothing is done to the node on behalf of commands that any user may ask: they only read. */
function scopeOf({ name, privilege }: IpmiCommand, session: Session | undefined): RequestScope | undefined {
  if (!session || !hasPrivilege(privilege, 'operator')) return undefined;
  return new RequestScope(() => ({
    face: 'ipmi',
    name,
    by: `${session.account.name} from ${session.remote.address}`,
  }));
}

function refusalOf(
  session: Session | undefined,
  request: Request,
  command: IpmiCommand | undefined,
  data: Buffer,
): CompletionCode | undefined {
  if (request.lun !== 0) return CompletionCode.invalidForLun;
  if (!command) return session ? CompletionCode.invalidCommand : CompletionCode.insufficientPrivilege;
  if (!hasPrivilege(session?.privilege ?? 'none', command.privilege)) {
    return CompletionCode.insufficientPrivilege;
  }
  const [shortest, longest] = command.length;
  return data.length < shortest || data.length > longest ? CompletionCode.lengthInvalid : undefined;
}

/** The response as it is sent: no data with a refusal, and the defining body of a group extension with either. */
function complete(group: number | undefined, { code, data }: CommandResponse): CommandResponse {
  const kept = code === CompletionCode.ok ? data : undefined;
  if (group === undefined) return { code, data: kept };
  const grouped = new Uint8Array(1 + (kept?.length ?? 0));
  grouped[0] = group;
  if (kept) grouped.set(kept, 1);
  return { code, data: grouped };
}
