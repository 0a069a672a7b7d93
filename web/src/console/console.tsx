import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { beginnings } from '../live/watch.ts';
import type { NodeName } from '../node/name.ts';
import { nodePath } from '../routes.ts';
import { mayOperate } from '../session.ts';
import type { PageTerminal } from './terminal.ts';

/** Milliseconds after which a connection that has ended is made again. */
const pause = 2000;

type Line = 'connecting' | 'open' | 'closed';

const lineTexts: Readonly<Record<Line, string>> = {
  connecting: 'connecting…',
  open: 'connected',
  closed: 'disconnected, trying again…',
};

/** A node's serial console: what it has said since it was powered on, and what it says now. */
export function Console({ node }: { readonly node: NodeName }) {
  const place = useRef<HTMLDivElement>(null);
  const terminal = useRef<PageTerminal | null>(null);
  const leave = useRef<HTMLInputElement>(null);
  const socket = useRef<WebSocket | null>(null);
  const line = useSignal<Line>('connecting');
  const interactive = useSignal(false);
  const readAloud = useSignal(false);
  const attempts = useSignal(0);
  const loaded = useSignal(false);
  const path = `/v1${nodePath(node)}/console`;

  useEffect(() => {
    let gone = false;
    void import('./terminal.ts').then(({ openTerminal }) => {
      if (gone || !place.current) return;
      terminal.current = openTerminal(place.current, {
        onInput: bytes => {
          if (interactive.peek() && socket.current?.readyState === WebSocket.OPEN) {
            socket.current.send(Uint8Array.from(bytes));
          }
        },
        onLeave: () => leave.current?.focus(),
      });
      terminal.current.setInteractive(interactive.peek());
      terminal.current.setReadAloud(readAloud.peek());
      loaded.value = true;
    });
    return () => {
      gone = true;
      terminal.current?.dispose();
    };
  }, []);

  // The daemon is there again: no need to wait.
  useSignalEffect(() => {
    if (beginnings.value > 0 && line.peek() === 'closed') attempts.value = attempts.peek() + 1;
  });

  useSignalEffect(() => {
    attempts.value;
    if (!loaded.value) return;
    line.value = 'connecting';
    const own = new WebSocket(new URL(path, location.href.replace(/^http/, 'ws')));
    socket.current = own;
    own.binaryType = 'arraybuffer';
    let timer: ReturnType<typeof setTimeout> | undefined;
    own.onopen = () => {
      // All that it has said comes again.
      terminal.current?.reset();
      line.value = 'open';
    };
    own.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data instanceof ArrayBuffer) terminal.current?.write(new Uint8Array(data));
    };
    own.onclose = () => {
      line.value = 'closed';
      timer = setTimeout(() => {
        attempts.value += 1;
      }, pause);
    };
    return () => {
      clearTimeout(timer);
      own.onclose = null;
      own.onmessage = null;
      own.close();
    };
  });

  // At once, so that not even the first key is lost.
  const typeInto = (on: boolean) => {
    interactive.value = on;
    terminal.current?.setInteractive(on);
    if (on) terminal.current?.focus();
  };

  const read = (on: boolean) => {
    readAloud.value = on;
    terminal.current?.setReadAloud(on);
  };

  return (
    <div class="console">
      <div class="row console-bar">
        <span class={`line ${line.value}`} role="status">
          {lineTexts[line.value]}
        </span>
        {mayOperate.value && (
          <label class="check">
            <input
              ref={leave}
              type="checkbox"
              checked={interactive.value}
              onChange={({ currentTarget }) => {
                typeInto(currentTarget.checked);
              }}
            />
            Type into it
          </label>
        )}
        <label class="check">
          <input
            type="checkbox"
            checked={readAloud.value}
            onChange={({ currentTarget }) => {
              read(currentTarget.checked);
            }}
          />
          Screen reader
        </label>
        <a href={path} download={`${node.lab}-${node.name}.log`}>
          Save as a file
        </a>
        {interactive.value && (
          <span class="quiet">
            <kbd>Shift</kbd>+<kbd>Esc</kbd> leaves the console
          </span>
        )}
      </div>
      <section ref={place} class="screen" aria-label={`Serial console of ${node.name}`} />
    </div>
  );
}
