import { useSignal } from '@preact/signals';
import type { FaultRequest, FaultStatus } from '../../../src/daemon/api-faults.ts';
import type { FaultGroup, KindInfo } from '../../../src/faults/fault.ts';
import { send } from '../http.ts';
import { Loaded } from '../parts/loaded.tsx';
import { attempt } from '../parts/notice.tsx';
import { useResource } from '../parts/resource.ts';
import { labPath } from '../routes.ts';

const groups: Readonly<Record<FaultGroup, string>> = {
  bmc: 'BMC',
  command: 'Power commands',
  machine: 'Machine',
  boot: 'Network boot',
  sensor: 'Sensors',
  cloud: 'Cloud',
};

/** For how long a fault may be injected, by choice; in milliseconds. */
const lengths: readonly { readonly name: string; readonly milliseconds: number | undefined }[] = [
  { name: 'until lifted', milliseconds: undefined },
  { name: 'for 10 s', milliseconds: 10_000 },
  { name: 'for 1 min', milliseconds: 60_000 },
  { name: 'for 10 min', milliseconds: 600_000 },
];

interface FaultFormProps {
  readonly lab: string;
  /** `undefined`: all of the lab. */
  readonly node: string | undefined;
  readonly onInjected: () => void;
}

/** Injects a fault into a node, or into all of a lab. */
export function FaultForm({ lab, node, onInjected }: FaultFormProps) {
  const kinds = useResource<readonly KindInfo[]>('/v1/fault-kinds');
  const chosen = useSignal<string | undefined>(undefined);
  const length = useSignal(0);
  const inject = async (form: HTMLFormElement, { kind, settings }: KindInfo) => {
    const fields = new FormData(form);
    const given = settings.flatMap(({ name }) => {
      const text = String(fields.get(name) ?? '').trim();
      return text === '' ? [] : [[name, settingOf(text)] as const];
    });
    const request: FaultRequest = {
      nodes: node === undefined || kind.startsWith('cloud-') ? undefined : [node],
      fault: { kind, ...Object.fromEntries(given) },
      duration: lengths[length.value]?.milliseconds,
    };
    const path = `/v1${labPath(lab)}/faults`;
    if (await attempt(() => send<readonly FaultStatus[]>('POST', path, request), `${kind}: injected`)) {
      form.reset();
      onInjected();
    }
  };
  return (
    <Loaded resource={kinds.current.value}>
      {all => {
        const kind = all.find(info => info.kind === chosen.value) ?? all[0];
        if (!kind) return null;
        return (
          <form
            class="card fault-form"
            aria-label="Inject a fault"
            onSubmit={event => {
              event.preventDefault();
              void inject(event.currentTarget, kind);
            }}
          >
            <div class="row">
              <label class="grow">
                <span class="unseen">Kind of fault</span>
                <select
                  value={kind.kind}
                  onChange={({ currentTarget }) => {
                    chosen.value = currentTarget.value;
                  }}
                >
                  {Object.entries(groups).map(([group, name]) => (
                    <optgroup key={group} label={name}>
                      {all
                        .filter(info => info.group === group)
                        .map(info => (
                          <option key={info.kind} value={info.kind}>
                            {info.kind}
                          </option>
                        ))}
                    </optgroup>
                  ))}
                </select>
              </label>
              <label>
                <span class="unseen">How long</span>
                <select
                  value={length.value}
                  onChange={({ currentTarget }) => {
                    length.value = Number(currentTarget.value);
                  }}
                >
                  {lengths.map(({ name }, index) => (
                    <option key={name} value={index}>
                      {name}
                    </option>
                  ))}
                </select>
              </label>
              <button type="submit" class="danger">
                Inject{node === undefined ? ' everywhere' : ''}
              </button>
            </div>
            <p class="quiet">{kind.description}</p>
            {kind.settings.length > 0 && (
              <div key={kind.kind} class="settings">
                {kind.settings.map(({ name, description, optional }) => (
                  <label key={name}>
                    {name}
                    <input name={name} required={!optional} spellcheck={false} autocomplete="off" />
                    <span class="quiet">{description}</span>
                  </label>
                ))}
              </div>
            )}
          </form>
        );
      }}
    </Loaded>
  );
}

/** A setting's value as a lab file would have it: a number, a list, or text such as a duration. */
function settingOf(text: string): unknown {
  if (text.includes(',')) return text.split(',').map(part => part.trim());
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}
