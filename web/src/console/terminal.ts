import '@xterm/xterm/css/xterm.css';
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import { allowWrittenStyles } from './style-sheets.ts';

/** A terminal on the page. */
export interface PageTerminal {
  write(bytes: Uint8Array): void;
  /** Forgets all that was written. */
  reset(): void;
  /** Whether what is typed goes out; if not, keys are the page's. */
  setInteractive(interactive: boolean): void;
  /** Has what is written read out by screen readers. */
  setReadAloud(readAloud: boolean): void;
  focus(): void;
  dispose(): void;
}

const colours = {
  background: '#10151a',
  foreground: '#d7dde2',
  cursor: '#5fd0c5',
  cursorAccent: '#10151a',
  selectionBackground: '#31505a',
  black: '#2a323a',
  red: '#f2766b',
  green: '#7fcf8f',
  yellow: '#e5c26b',
  blue: '#7fb2f0',
  magenta: '#c99bf0',
  cyan: '#5fd0c5',
  white: '#d7dde2',
  brightBlack: '#8a96a0',
  brightRed: '#ff9a90',
  brightGreen: '#a3e6b0',
  brightYellow: '#f5d98f',
  brightBlue: '#a6cbfa',
  brightMagenta: '#dcbcfa',
  brightCyan: '#8be6dd',
  brightWhite: '#ffffff',
};

/** Lines kept above those in view: a boot and a long installation. */
const scrollback = 20_000;

/**
 * Opens a terminal in an element, and keeps it as large as that.
 *
 * @param onInput - takes what is typed; `onLeave` is told of the keys that leave the terminal
 */
export function openTerminal(
  place: HTMLElement,
  { onInput, onLeave }: { readonly onInput: (bytes: Uint8Array) => void; readonly onLeave: () => void },
): PageTerminal {
  const forbidWrittenStyles = allowWrittenStyles(document);
  const terminal = new Terminal({
    theme: colours,
    fontFamily: 'ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace',
    fontSize: innerWidth < 600 ? 11 : 13,
    scrollback,
    disableStdin: true,
    cursorBlink: false,
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(place);
  fit.fit();
  const sizes = new ResizeObserver(() => fit.fit());
  sizes.observe(place);
  const encoder = new TextEncoder();
  terminal.onData(data => onInput(encoder.encode(data)));
  terminal.onBinary(data => onInput(Uint8Array.from(data, character => character.charCodeAt(0))));
  let interactive = false;
  terminal.attachCustomKeyEventHandler(event => {
    // Otherwise Tab would never leave it.
    if (!interactive) return false;
    if (event.key !== 'Escape' || !event.shiftKey) return true;
    if (event.type === 'keydown') onLeave();
    return false;
  });
  return {
    write: bytes => terminal.write(bytes),
    reset: () => terminal.reset(),
    setInteractive: on => {
      interactive = on;
      terminal.options.disableStdin = !on;
      terminal.options.cursorBlink = on;
    },
    setReadAloud: on => {
      terminal.options.screenReaderMode = on;
    },
    focus: () => terminal.focus(),
    dispose: () => {
      sizes.disconnect();
      terminal.dispose();
      forbidWrittenStyles();
    },
  };
}
