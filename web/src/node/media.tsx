import { useSignal } from '@preact/signals';
import type { MediaRequest, MediaStatus } from '../../../src/daemon/api-watch.ts';
import { send } from '../http.ts';
import { Loaded } from '../parts/loaded.tsx';
import { attempt } from '../parts/notice.tsx';
import { useResource } from '../parts/resource.ts';
import { nodePath } from '../routes.ts';
import { mayOperate } from '../session.ts';
import type { NodeName } from './name.ts';

const drives: readonly { readonly slot: MediaRequest['slot']; readonly name: string }[] = [
  { slot: 'cd', name: 'CD' },
  { slot: 'usb', name: 'USB' },
];

/** What is in a node's virtual drives. */
export function Media({ node }: { readonly node: NodeName }) {
  const path = `/v1${nodePath(node)}/media`;
  const media = useResource<MediaStatus>(path, 10_000);
  const set = async (request: MediaRequest) => {
    const done = request.url === undefined ? 'ejected' : 'inserted';
    if (await attempt(() => send('PUT', path, request), `${node.name}: ${request.slot} ${done}`))
      media.reload();
  };
  return (
    <Loaded resource={media.current.value}>
      {status => (
        <div class="cards">
          {drives.map(drive => (
            <Drive key={drive.slot} {...drive} url={status[drive.slot]} onSet={set} />
          ))}
        </div>
      )}
    </Loaded>
  );
}

interface DriveProps {
  readonly slot: MediaRequest['slot'];
  readonly name: string;
  readonly url: string | undefined;
  readonly onSet: (request: MediaRequest) => Promise<void>;
}

function Drive({ slot, name, url, onSet }: DriveProps) {
  const wanted = useSignal('');
  return (
    <section class="card" aria-labelledby={`drive-${slot}`}>
      <h2 id={`drive-${slot}`}>{name}</h2>
      <p>{url === undefined ? <span class="quiet">Empty</span> : <code class="long">{url}</code>}</p>
      {mayOperate.value && (
        <form
          class="row"
          onSubmit={event => {
            event.preventDefault();
            void onSet({ slot, url: wanted.value });
          }}
        >
          <label class="grow">
            <span class="unseen">Image for {name}</span>
            <input
              type="url"
              required
              pattern="https?://.+"
              placeholder="https://…/image.iso"
              value={wanted.value}
              onInput={({ currentTarget }) => {
                wanted.value = currentTarget.value;
              }}
            />
          </label>
          <button type="submit">Insert</button>
          {url !== undefined && (
            <button type="button" class="plain" onClick={() => void onSet({ slot, url: undefined })}>
              Eject
            </button>
          )}
        </form>
      )}
    </section>
  );
}
