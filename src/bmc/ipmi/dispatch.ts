import type { Logger } from '../../support/log.ts';
import { onBehalfOf, RequestScope } from '../../support/request-scope.ts';
import type { CommandContext, CommandResponse, IpmiCommand, Session } from './command.ts';
import { NetFn } from './command.ts';
import { CompletionCode } from './completion.ts';
import { hasPrivilege } from './privilege.ts';
import type { Request } from './wire/message.ts';

/** How often a command was answered with one completion code. */
export interface CommandCount {
  /** The command's name; `unknown`: there is none such. */
  readonly command: string;
  readonly code: CompletionCode;
  readonly count: number;
}

/** All commands of all BMCs, to be found by what a request names, and how they were answered. Made once a process. */
export class CommandTable {
  readonly #commands = new Map<number, IpmiCommand>();
  /** Answers by completion code. */
  readonly #answers = new Map<IpmiCommand | undefined, Float64Array>([[undefined, new Float64Array(256)]]);

  /** @throws RangeError when two commands have the same place, which is a mistake in the groups */
  constructor(commands: readonly IpmiCommand[]) {
    for (const command of commands) {
      const key = keyOf(command.netFn, command.command, command.group);
      const other = this.#commands.get(key);
      if (other) throw new RangeError(`${command.name} and ${other.name} are the same command`);
      this.#commands.set(key, command);
      this.#answers.set(command, new Float64Array(256));
    }
  }

  find(netFn: number, command: number, group: number | undefined): IpmiCommand | undefined {
    return this.#commands.get(keyOf(netFn, command, group));
  }

  /** Takes note of an answer. @param command - `undefined`: there is none such */
  answered(command: IpmiCommand | undefined, code: CompletionCode): void {
    const counts = this.#answers.get(command);
    if (counts) counts[code] = (counts[code] ?? 0) + 1;
  }

  /** How often each command was answered with which code, those that were. */
  counts(): readonly CommandCount[] {
    return [...this.#answers].flatMap(([command, counts]) =>
      [...counts.entries()]
        .filter(([, count]) => count > 0)
        .map(([code, count]) => ({ command: command?.name ?? 'unknown', code, count })),
    );
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
  const answer = (response: CommandResponse): CommandResponse => {
    table.answered(command, response.code);
    return complete(group, response);
  };
  if (refusal !== undefined || command === undefined) {
    return answer({ code: refusal ?? CompletionCode.invalidCommand });
  }
  const failure = (error: unknown): CommandResponse => {
    log.error({ err: error, command: command.name }, 'IPMI command failed');
    return answer({ code: CompletionCode.unspecified });
  };
  try {
    const response = onBehalfOf(scopeOf(command, context.session), () => command.handle(context, data));
    return response instanceof Promise ? response.then(answer, failure) : answer(response);
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
