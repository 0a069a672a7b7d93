import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { query, setQuery } from '../router.ts';

export interface Tab {
  readonly id: string;
  readonly title: string;
  readonly view: () => ComponentChildren;
}

const jumps: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowLeft: -1 };

/**
 * Views of which one is shown, as the address says.
 *
 * @see https://www.w3.org/WAI/ARIA/apg/patterns/tabs/
 */
export function Tabs({ label, tabs }: { readonly label: string; readonly tabs: readonly Tab[] }) {
  const list = useRef<HTMLDivElement>(null);
  const asked = new URLSearchParams(query.value).get('view');
  const current = tabs.find(tab => tab.id === asked) ?? tabs[0];
  if (!current) return null;
  const show = ({ id }: Tab) => {
    const parameters = new URLSearchParams(query.peek());
    parameters.set('view', id);
    setQuery(parameters);
  };
  const move = (event: KeyboardEvent) => {
    const place = tabs.indexOf(current);
    const to =
      event.key === 'Home'
        ? 0
        : event.key === 'End'
          ? tabs.length - 1
          : place + (jumps[event.key] ?? Number.NaN);
    const next = tabs[(to + tabs.length) % tabs.length];
    if (!next) return;
    event.preventDefault();
    show(next);
    list.current?.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
  };
  return (
    <div class="tabs">
      <div ref={list} role="tablist" aria-label={label} onKeyDown={move}>
        {tabs.map(tab => (
          <button
            key={tab.id}
            id={`tab-${tab.id}`}
            type="button"
            role="tab"
            aria-selected={tab === current}
            aria-controls={tab === current ? `panel-${tab.id}` : undefined}
            tabIndex={tab === current ? 0 : -1}
            onClick={() => show(tab)}
          >
            {tab.title}
          </button>
        ))}
      </div>
      <div key={current.id} id={`panel-${current.id}`} role="tabpanel" aria-labelledby={`tab-${current.id}`}>
        {current.view()}
      </div>
    </div>
  );
}
