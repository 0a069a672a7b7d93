import { stripVTControlCharacters } from 'node:util';

/** What a console has sent, as a file keeps it. Each call returns what is to be added to the file. */
export interface Recording {
  /** The file's beginning. */
  begin(): string;
  /** @param at - when the bytes came: milliseconds since the epoch */
  add(bytes: Uint8Array, at: number): string;
  /** Says something that the console has not sent: that it was connected anew. */
  remark(text: string, at: number): string;
  /** What was still held back. */
  end(): string;
}

/** Ways to keep a console. */
export const recordingFormats = ['text', 'asciicast'] as const;

/** A way to keep a console. */
export type RecordingFormat = (typeof recordingFormats)[number];

/** What each format's files end with. */
export const recordingSuffix: Readonly<Record<RecordingFormat, string>> = {
  text: '.log',
  asciicast: '.cast',
};

/**
 * Begins to record a console.
 * @param title - whose console it is
 * @param at - when: milliseconds since the epoch
 */
export function createRecording(format: RecordingFormat, title: string, at: number): Recording {
  return format === 'text' ? new TextRecording() : new AsciicastRecording(title, at);
}

/** A line that never ends is cut here. Characters. */
const longestLine = 4096;

/** Lines of text, each with the time at which it began; without what moves a terminal's cursor. */
class TextRecording implements Recording {
  readonly #decoder = new TextDecoder();
  #line = '';
  #lineAt = 0;

  begin(): string {
    return '';
  }

  add(bytes: Uint8Array, at: number): string {
    const text = this.#decoder.decode(bytes, { stream: true });
    let lines = '';
    for (const part of text.split(/(?<=\n)/)) {
      if (this.#line === '') this.#lineAt = at;
      this.#line += part;
      if (part.endsWith('\n') || this.#line.length > longestLine) lines += this.#take();
    }
    return lines;
  }

  remark(text: string, at: number): string {
    return `${this.end()}${stamp(at)} --- ${text}\n`;
  }

  end(): string {
    return this.#line === '' ? '' : this.#take();
  }

  #take(): string {
    const line = stripVTControlCharacters(this.#line).replace(/[\r\n]/g, '');
    this.#line = '';
    return `${stamp(this.#lineAt)} ${line}`.trimEnd().concat('\n');
  }
}

/** What a terminal would show, with its timing. @see https://docs.asciinema.org/manual/asciicast/v2/ */
class AsciicastRecording implements Recording {
  readonly #decoder = new TextDecoder();
  readonly #title: string;
  readonly #begunAt: number;

  constructor(title: string, at: number) {
    this.#title = title;
    this.#begunAt = at;
  }

  begin(): string {
    const timestamp = Math.floor(this.#begunAt / 1000);
    return line({ version: 2, width: 80, height: 25, timestamp, title: this.#title });
  }

  add(bytes: Uint8Array, at: number): string {
    const text = this.#decoder.decode(bytes, { stream: true });
    return text === '' ? '' : line([this.#seconds(at), 'o', text]);
  }

  remark(text: string, at: number): string {
    return line([this.#seconds(at), 'm', text]);
  }

  end(): string {
    return '';
  }

  #seconds(at: number): number {
    return Math.max(0, at - this.#begunAt) / 1000;
  }
}

function stamp(at: number): string {
  return new Date(at).toISOString();
}

function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
