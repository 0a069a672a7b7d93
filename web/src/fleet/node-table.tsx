import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { OperationAge, Power, Stage, Trouble } from '../parts/state.tsx';
import { nodePath } from '../routes.ts';
import { sortNames } from './columns.ts';
import { type SortKey, sortKeys } from './filter.ts';
import { keyOf, nodeOf } from './fleet.ts';
import type { Selection } from './use-filter.ts';
import { rowsInView, type Window } from './window.ts';

/**
 * A table of nodes of which only the rows in view exist, so that thousands scroll smoothly; each is drawn anew only
 * when its own node changes.
 */
export function NodeTable({
  selection,
  withLab,
}: {
  readonly selection: Selection;
  readonly withLab: boolean;
}) {
  const { keys, filter, change } = selection;
  const body = useRef<HTMLTableSectionElement>(null);
  const rowHeight = useSignal(44);
  const view = useSignal<Window>({ first: 0, end: 40 });
  const shown = useComputed(() => keys.value.slice(view.value.first, view.value.end));
  const count = keys.value.length;

  useEffect(() => {
    const look = () => {
      const element = body.current;
      if (!element) return;
      // How tall a row is, the style sheet says: less space makes it taller.
      rowHeight.value =
        Number.parseFloat(getComputedStyle(element).getPropertyValue('--row')) || rowHeight.peek();
      const above = -element.getBoundingClientRect().top;
      const next = rowsInView({ above, height: innerHeight, rowHeight: rowHeight.peek(), count });
      const { first, end } = view.peek();
      if (next.first !== first || next.end !== end) view.value = next;
    };
    look();
    addEventListener('scroll', look, { passive: true });
    addEventListener('resize', look);
    return () => {
      removeEventListener('scroll', look);
      removeEventListener('resize', look);
    };
  }, [count]);

  const { sort, descending } = filter.value;
  const columns = sortKeys.filter(key => withLab || key !== 'lab');
  return (
    <div class={withLab ? 'nodes with-lab' : 'nodes'}>
      <table aria-label="Nodes" aria-rowcount={count + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map(key => (
              <ColumnHead
                key={key}
                name={key}
                order={sort === key ? (descending ? 'descending' : 'ascending') : undefined}
                onSort={() => change({ sort: key, descending: sort === key && !descending })}
              />
            ))}
            <th scope="col">Trouble</th>
          </tr>
        </thead>
        <tbody
          ref={body}
          style={{ height: `${count * rowHeight.value}px` }}
          onKeyDown={event => moveAmongRows(event, keys.value, rowHeight.value)}
        >
          {shown.value.map((key, index) => (
            <Row
              key={key}
              node={key}
              place={view.value.first + index}
              top={(view.value.first + index) * rowHeight.value}
              withLab={withLab}
            />
          ))}
        </tbody>
      </table>
      {count === 0 && <p class="nothing">No node is like that.</p>}
    </div>
  );
}

interface ColumnHeadProps {
  readonly name: SortKey;
  readonly order: 'ascending' | 'descending' | undefined;
  readonly onSort: () => void;
}

function ColumnHead({ name, order, onSort }: ColumnHeadProps) {
  return (
    <th scope="col" aria-sort={order}>
      <button type="button" class="plain" onClick={onSort}>
        {sortNames[name]}
        <span class="order" aria-hidden="true">
          {order === undefined ? '' : order === 'ascending' ? '↑' : '↓'}
        </span>
      </button>
    </th>
  );
}

interface RowProps {
  readonly node: string;
  readonly place: number;
  readonly top: number;
  readonly withLab: boolean;
}

function Row({ node: key, place, top, withLab }: RowProps) {
  const node = nodeOf(key);
  if (!node) return null;
  const { name, lab, power, stage, operation, bmc } = node;
  return (
    <tr aria-rowindex={place + 2} style={{ transform: `translateY(${top}px)` }}>
      <th scope="row" class="name">
        <a href={nodePath(node)} data-row={keyOf(node)}>
          {name}
        </a>
      </th>
      {withLab && <td class="lab">{lab}</td>}
      <td class="power-cell">
        <Power power={power} changing={operation !== undefined} />
      </td>
      <td class="stage-cell">
        <Stage stage={stage} />
      </td>
      <td class="operation-cell">
        <OperationAge operation={operation} />
      </td>
      <td class="bmc">{bmc.ipmi}</td>
      <td class="trouble">
        <Trouble node={node} />
      </td>
    </tr>
  );
}

const jumps: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: 10,
  PageUp: -10,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

/** Arrow keys go from row to row, also to those that do not exist yet. */
function moveAmongRows(event: KeyboardEvent, keys: readonly string[], rowHeight: number): void {
  const jump = jumps[event.key];
  const link = event.target instanceof HTMLElement ? event.target.closest<HTMLElement>('[data-row]') : null;
  const body = event.currentTarget;
  if (jump === undefined || !link || !(body instanceof HTMLElement)) return;
  event.preventDefault();
  const from = keys.indexOf(link.dataset.row ?? '');
  const to = Math.min(keys.length - 1, Math.max(0, from + jump));
  const top = body.getBoundingClientRect().top + to * rowHeight;
  const margin = 2 * rowHeight;
  if (top < margin || top + rowHeight > innerHeight - margin) scrollBy({ top: top - innerHeight / 2 });
  // The row is drawn by the next frame, once the scrolling has been noticed.
  const focus = (tries: number) => {
    const row = body.querySelector<HTMLElement>(`[data-row="${CSS.escape(keys[to] ?? '')}"]`);
    if (row) row.focus({ preventScroll: true });
    else if (tries > 0) requestAnimationFrame(() => focus(tries - 1));
  };
  focus(10);
}
