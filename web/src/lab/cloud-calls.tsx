import { useRef } from 'preact/hooks';
import type { CloudCalls, DaemonStatus } from '../../../src/daemon/api.ts';
import { Loaded } from '../parts/loaded.tsx';
import { useResource } from '../parts/resource.ts';

/** How often the daemon's counts are read, in milliseconds. */
const interval = 10_000;

interface Reason {
  readonly reason: string;
  readonly count: number;
  /** Not answered by a success. */
  readonly failed: number;
}

/** What a cloud was asked, by reason: what the lab costs of the cloud's API. */
export function CloudCallBudget({ cloud }: { readonly cloud: string }) {
  const daemon = useResource<DaemonStatus>('/v1/daemon', interval);
  const first = useRef<{ readonly at: number; readonly count: number } | null>(null);
  return (
    <section class="card" aria-labelledby="calls">
      <h2 id="calls">API calls to {cloud}</h2>
      <Loaded resource={daemon.current.value}>
        {({ cloudCalls, startedAt }) => {
          const reasons = byReason(cloudCalls.filter(call => call.cloud === cloud));
          const all = reasons.reduce((sum, { count }) => sum + count, 0);
          first.current ??= { at: performance.now(), count: all };
          const minutes = (performance.now() - first.current.at) / 60_000;
          const most = Math.max(1, ...reasons.map(({ count }) => count));
          return (
            <>
              <p class="quiet">
                {all.toLocaleString('en')} since {new Date(startedAt).toLocaleString('en-GB')}
                {minutes > 0.1 && `, ${((all - first.current.count) / minutes).toFixed(1)} a minute now`}
              </p>
              <table class="plain-table budget">
                <thead>
                  <tr>
                    <th scope="col">Reason</th>
                    <th scope="col" class="number">
                      Calls
                    </th>
                    <th scope="col" class="number">
                      Failed
                    </th>
                    <td />
                  </tr>
                </thead>
                <tbody>
                  {reasons.map(({ reason, count, failed }) => (
                    <tr key={reason}>
                      <th scope="row">{reason}</th>
                      <td class="number">{count.toLocaleString('en')}</td>
                      <td class="number">{failed === 0 ? '–' : failed.toLocaleString('en')}</td>
                      <td class="share">
                        <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
                          <rect width={(100 * count) / most} height="6" rx="1" />
                        </svg>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </>
          );
        }}
      </Loaded>
    </section>
  );
}

function byReason(calls: readonly CloudCalls[]): readonly Reason[] {
  const reasons = new Map<string, Reason>();
  for (const { reason, status, count } of calls) {
    const known = reasons.get(reason) ?? { reason, count: 0, failed: 0 };
    const failed = /^[23]/.test(status) ? 0 : count;
    reasons.set(reason, { reason, count: known.count + count, failed: known.failed + failed });
  }
  return [...reasons.values()].sort((one, other) => other.count - one.count);
}
