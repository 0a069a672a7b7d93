import type RFB from '@novnc/novnc';
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { NodeName } from '../node/name.ts';
import { Loaded } from '../parts/loaded.tsx';
import { useResource } from '../parts/resource.ts';
import { nodePath } from '../routes.ts';
import { mayOperate } from '../session.ts';

/** How a node's screen can be seen. */
export type ScreenAccess =
  | { readonly kind: 'vnc' }
  /** At the cloud's own remote console. */
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'none'; readonly why: string };

/** A node's screen, where its platform has one. */
export function Screen({ node }: { readonly node: NodeName }) {
  const access = useResource<ScreenAccess>(`/v1${nodePath(node)}/screen`);
  return (
    <Loaded resource={access.current.value}>
      {screen => {
        switch (screen.kind) {
          case 'vnc':
            return <Vnc node={node} onLost={access.reload} />;
          case 'url':
            return (
              <p>
                <a href={screen.url} target="_blank" rel="noreferrer noopener">
                  Open the cloud's remote console
                </a>{' '}
                <span class="quiet">in a new tab; the link is good for a short time.</span>
              </p>
            );
          case 'none':
            return <p class="nothing">{screen.why}</p>;
        }
      }}
    </Loaded>
  );
}

function Vnc({ node, onLost }: { readonly node: NodeName; readonly onLost: () => void }) {
  const place = useRef<HTMLDivElement>(null);
  const client = useRef<RFB | null>(null);
  const state = useSignal<'connecting…' | 'connected' | 'disconnected'>('connecting…');
  useEffect(() => {
    let gone = false;
    void import('@novnc/novnc').then(({ default: Client }) => {
      if (gone || !place.current) return;
      const url = new URL(`/v1${nodePath(node)}/screen`, location.href.replace(/^http/, 'ws'));
      const own = new Client(place.current, url.href);
      client.current = own;
      own.scaleViewport = true;
      own.viewOnly = !mayOperate.peek();
      own.background = '#10151a';
      own.addEventListener('connect', () => {
        state.value = 'connected';
      });
      own.addEventListener('disconnect', () => {
        client.current = null;
        state.value = 'disconnected';
      });
    });
    return () => {
      gone = true;
      client.current?.disconnect();
    };
  }, []);
  return (
    <div class="console">
      <div class="row console-bar">
        <span class={`line ${state.value === 'connected' ? 'open' : 'closed'}`} role="status">
          {state.value}
        </span>
        {mayOperate.value && state.value === 'connected' && (
          <button type="button" onClick={() => client.current?.sendCtrlAltDel()}>
            Send Ctrl+Alt+Del
          </button>
        )}
        {state.value === 'disconnected' && (
          <button type="button" onClick={onLost}>
            Connect again
          </button>
        )}
      </div>
      <section ref={place} class="screen vnc" aria-label={`Screen of ${node.name}`} />
    </div>
  );
}
