import { useSignal } from '@preact/signals';
import type { Finding } from '../../../src/support/finding.ts';
import { get } from '../http.ts';
import { attempt } from '../parts/notice.tsx';
import { nodePath } from '../routes.ts';
import type { NodeName } from './name.ts';

/** Finds out, when asked, what may keep a node from booting over the network. */
export function Why({ node }: { readonly node: NodeName }) {
  const findings = useSignal<readonly Finding[] | undefined>(undefined);
  const ask = () =>
    attempt(async () => {
      findings.value = await get<readonly Finding[]>(`/v1${nodePath(node)}/why`);
    });
  return (
    <section class="card" aria-labelledby="why">
      <div class="heading">
        <h2 id="why">Network boot</h2>
        <button type="button" class="plain" onClick={() => void ask()}>
          Check
        </button>
      </div>
      {findings.value && (
        <ul class="findings">
          {findings.value.map(({ result, message, remedy }) => (
            <li key={message} class={result}>
              {message} {remedy !== undefined && <span class="quiet">{remedy}</span>}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
