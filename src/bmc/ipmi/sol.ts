import { follow } from '../../node/serial.ts';
import type { Timer } from '../../support/clock.ts';
import type { Bmc, SolActivation, SolOptions, SolPort } from './bmc.ts';
import type { Session } from './command.ts';
import { CompletionCode } from './completion.ts';
import { hasPrivilege } from './privilege.ts';
import { SolBacklog } from './sol-backlog.ts';
import { type SolConfiguration, solConfiguration } from './sol-configuration.ts';
import {
  type ConsolePacket,
  readConsolePacket,
  solMaximumCharacters,
  solPayloadType,
  writeBmcPacket,
} from './sol-packet.ts';

/** Activate Payload's own completion codes. @see IPMI 2.0 table 24-2 */
const Refused = {
  alreadyActive: 0x80,
  disabled: 0x81,
  cannotEncrypt: 0x83,
  mustEncrypt: 0x84,
} as const;

/** What an endpoint needs of its BMC. */
export type SolHost = Pick<Bmc, 'node' | 'accounts' | 'memory' | 'clock'>;

/** Serial over LAN of one BMC. @see IPMI 2.0 §15 */
export class SolEndpoint implements SolPort {
  readonly #host: SolHost;
  #link: SolLink | undefined;

  constructor(host: SolHost) {
    this.#host = host;
  }

  get owner(): Session | undefined {
    return this.#link?.session;
  }

  activate(session: Session, options: SolOptions): SolActivation {
    const configuration = solConfiguration(this.#host.memory.value);
    const code = this.#refusal(session, options, configuration);
    if (code !== undefined) return { ok: false, code };
    this.#link = new SolLink(this.#host, session, configuration, options.test);
    return { ok: true };
  }

  receive(session: Session, payload: Buffer): void {
    const packet = readConsolePacket(payload);
    if (packet && this.#link?.session === session) this.#link.receive(packet);
  }

  deactivate(): void {
    this.#link?.close(true);
    this.#link = undefined;
  }

  sessionClosed(session: Session): void {
    if (this.#link?.session !== session) return;
    this.#link.close(false);
    this.#link = undefined;
  }

  #refusal(
    session: Session,
    options: SolOptions,
    configuration: SolConfiguration,
  ): CompletionCode | undefined {
    if (session.protocol !== 'rmcp+') return CompletionCode.notInThisState;
    const mayUse = this.#host.accounts.get(session.account.id)?.sol ?? false;
    if (!mayUse || !hasPrivilege(session.privilege, configuration.privilege)) {
      return CompletionCode.insufficientPrivilege;
    }
    if (!configuration.enabled) return Refused.disabled;
    if (this.#link) return Refused.alreadyActive;
    if (options.encrypt && !session.encrypted) return Refused.cannotEncrypt;
    if (configuration.forceEncryption && !session.encrypted) return Refused.mustEncrypt;
    const mustAuthenticate = options.authenticate || configuration.forceAuthentication;
    return mustAuthenticate && !session.authenticated ? CompletionCode.invalidField : undefined;
  }
}

/** A packet that waits for its acknowledgement. */
interface Outstanding {
  readonly sequence: number;
  readonly characters: Buffer;
  readonly bytes: Buffer;
  retriesLeft: number;
  timer: Timer;
}

/** One activation: the characters between one session and the serial port, reliable in both directions. */
class SolLink {
  readonly session: Session;
  readonly #host: SolHost;
  readonly #configuration: SolConfiguration;
  readonly #isTest: boolean;
  readonly #backlog = new SolBacklog();
  readonly #stopListening: () => void;
  #outstanding: Outstanding | undefined;
  /** Fires when characters have waited long enough for more of them. */
  #wait: Timer | undefined;
  /** Whether not even many characters may be sent before {@link #wait} is over. */
  #resting = false;
  #paused = false;
  #closed = false;
  #sequence = 0;
  /** The console's latest packet, so that a repetition is answered and not written again. */
  #received: { readonly sequence: number; readonly answer: Buffer } = {
    sequence: 0,
    answer: Buffer.alloc(0),
  };

  constructor(host: SolHost, session: Session, configuration: SolConfiguration, isTest: boolean) {
    this.session = session;
    this.#host = host;
    this.#configuration = configuration;
    this.#isTest = isTest;
    this.#stopListening = isTest ? () => {} : this.#attach();
  }

  receive(packet: ConsolePacket): void {
    this.#paused = packet.pause;
    if (packet.acknowledged !== 0) this.#acknowledged(packet);
    const isRepetition = packet.sequence !== 0 && packet.sequence === this.#received.sequence;
    if (isRepetition) this.#send(this.#received.answer);
    else this.#obey(packet);
    this.#pump();
  }

  /** @param tell - whether the console shall be told that this was the end */
  close(tell: boolean): void {
    this.#closed = true;
    this.#stopListening();
    this.#wait?.cancel();
    this.#outstanding?.timer.cancel();
    if (tell) this.#send(writeBmcPacket({ deactivating: true }));
  }

  /** Begins with what the machine has said since it was powered on. */
  #attach(): () => void {
    let first = true;
    return follow(this.#host.node.serial, bytes => {
      this.#backlog.push(bytes);
      // The console expects the answer to its activation first.
      if (first) this.#rest(this.#configuration.accumulateInterval);
      else this.#pump();
      first = false;
    });
  }

  #obey(packet: ConsolePacket): void {
    const { serial, state } = this.#host.node;
    if (packet.flushInbound) this.#forget();
    if (packet.sendBreak && !this.#isTest) serial.sendBreak();
    if (packet.sequence === 0) return;
    const unavailable = state.power === 'off' && packet.characters.length > 0;
    if (!unavailable && !this.#isTest && packet.characters.length > 0) serial.write(packet.characters);
    const answer = writeBmcPacket({
      acknowledged: packet.sequence,
      accepted: unavailable ? 0 : packet.characters.length,
      refused: unavailable,
      unavailable,
    });
    // What was refused may come again under its number when the machine is on.
    this.#received = { sequence: unavailable ? 0 : packet.sequence, answer };
    this.#send(answer);
  }

  #acknowledged(packet: ConsolePacket): void {
    const outstanding = this.#outstanding;
    if (outstanding?.sequence !== packet.acknowledged) return;
    outstanding.timer.cancel();
    this.#outstanding = undefined;
    const rest = outstanding.characters.subarray(packet.accepted);
    if (rest.length === 0) return;
    this.#backlog.putBack(rest);
    // A console that took nothing, or said that it is full, is given a rest.
    if (packet.refused || packet.accepted === 0) this.#rest(this.#configuration.retryInterval);
  }

  #forget(): void {
    this.#outstanding?.timer.cancel();
    this.#outstanding = undefined;
    this.#backlog.clear();
  }

  /** Sends what there is to send, if it may be sent now. */
  #pump(): void {
    if (this.#closed || this.#paused || this.#resting || this.#outstanding) return;
    if (this.#backlog.length === 0) return;
    const { sendThreshold, accumulateInterval } = this.#configuration;
    if (this.#backlog.length >= Math.min(sendThreshold, solMaximumCharacters)) this.#transmit();
    else if (!this.#wait) this.#waitFor(accumulateInterval);
  }

  #rest(ms: number): void {
    this.#wait?.cancel();
    this.#resting = true;
    this.#waitFor(ms);
  }

  #waitFor(ms: number): void {
    this.#wait = this.#host.clock.after(ms, () => {
      this.#wait = undefined;
      this.#resting = false;
      if (!this.#closed && !this.#paused && !this.#outstanding) this.#transmit();
    });
  }

  #transmit(): void {
    this.#wait?.cancel();
    this.#wait = undefined;
    const characters = this.#backlog.take(solMaximumCharacters);
    if (characters.length === 0) return;
    this.#sequence = (this.#sequence % 15) + 1;
    const sequence = this.#sequence;
    const bytes = writeBmcPacket({ sequence, characters, overrun: this.#backlog.takeOverrun() });
    const { retryCount } = this.#configuration;
    this.#outstanding = { sequence, characters, bytes, retriesLeft: retryCount, timer: this.#retryTimer() };
    this.#send(bytes);
  }

  #retryTimer(): Timer {
    return this.#host.clock.after(this.#configuration.retryInterval, () => this.#retry());
  }

  #retry(): void {
    const outstanding = this.#outstanding;
    if (!outstanding) return;
    if (outstanding.retriesLeft === 0) {
      // The specification gives the characters up here; the next packet says so.
      this.#outstanding = undefined;
      this.#backlog.markOverrun();
      this.#pump();
      return;
    }
    outstanding.retriesLeft -= 1;
    outstanding.timer = this.#retryTimer();
    this.#send(outstanding.bytes);
  }

  #send(bytes: Buffer): void {
    this.session.send(solPayloadType, bytes);
  }
}
