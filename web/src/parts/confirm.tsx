import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

interface Question {
  readonly title: string;
  readonly text: string;
  /** What the button says that does it. */
  readonly action: string;
  readonly answer: (yes: boolean) => void;
}

const question = signal<Question | undefined>(undefined);

/** Asks before something that disturbs a machine is done. */
export function confirmed(ask: Omit<Question, 'answer'>): Promise<boolean> {
  return new Promise(resolve => {
    question.value?.answer(false);
    question.value = { ...ask, answer: resolve };
  });
}

/** The dialog of {@link confirmed}. */
export function Confirmation() {
  const dialog = useRef<HTMLDialogElement>(null);
  const asked = question.value;
  useEffect(() => {
    if (asked) dialog.current?.showModal();
  }, [asked]);
  if (!asked) return null;
  const close = (yes: boolean) => {
    dialog.current?.close();
    question.value = undefined;
    asked.answer(yes);
  };
  return (
    <dialog
      ref={dialog}
      aria-labelledby="question"
      aria-describedby="question-text"
      onCancel={() => close(false)}
    >
      <h2 id="question">{asked.title}</h2>
      <p id="question-text">{asked.text}</p>
      <div class="row end">
        <button type="button" onClick={() => close(false)}>
          Cancel
        </button>
        <button type="button" class="danger" onClick={() => close(true)}>
          {asked.action}
        </button>
      </div>
    </dialog>
  );
}
