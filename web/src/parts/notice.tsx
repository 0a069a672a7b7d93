import { signal } from '@preact/signals';

/** Short news of what the reader has asked for. */
interface Notice {
  readonly id: number;
  readonly text: string;
  readonly remedy: string | undefined;
  readonly bad: boolean;
}

const notices = signal<readonly Notice[]>([]);
let lastId = 0;

/** Milliseconds for which good news stays; bad news stays until it is dismissed. */
const shown = 5000;

export function tell(text: string): void {
  const id = add({ text, remedy: undefined, bad: false });
  setTimeout(() => dismiss(id), shown);
}

/** Does what the reader asked for, and says why if it could not be done. @returns whether it could */
export async function attempt(work: () => Promise<unknown>, done?: string): Promise<boolean> {
  try {
    await work();
    if (done !== undefined) tell(done);
    return true;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const remedy =
      error instanceof Error && 'remedy' in error && typeof error.remedy === 'string'
        ? error.remedy
        : undefined;
    add({ text, remedy, bad: true });
    return false;
  }
}

/** Where notices are shown; they are read out without interrupting. */
export function Notices() {
  return (
    <div class="notices" role="status">
      {notices.value.map(notice => (
        <div key={notice.id} class={notice.bad ? 'notice bad' : 'notice'}>
          <p>
            {notice.text}
            {notice.remedy !== undefined && <span class="remedy"> {notice.remedy}</span>}
          </p>
          <button type="button" class="plain" aria-label="Dismiss" onClick={() => dismiss(notice.id)}>
            ×
          </button>
        </div>
      ))}
    </div>
  );
}

function add(notice: Omit<Notice, 'id'>): number {
  const id = ++lastId;
  notices.value = [...notices.value.slice(-3), { id, ...notice }];
  return id;
}

function dismiss(id: number): void {
  notices.value = notices.value.filter(notice => notice.id !== id);
}
