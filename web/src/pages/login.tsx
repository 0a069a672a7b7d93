import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { labsToLogIn, logIn } from '../access.ts';
import { Refusal } from '../http.ts';
import { useTitle } from '../parts/title.ts';

/** Logging in as a user of a lab's Redfish service. */
export function LoginPage({ ended }: { readonly ended: boolean }) {
  useTitle('Log in');
  const labs = useSignal<readonly string[]>([]);
  const problem = useSignal<string | undefined>(ended ? 'You have been logged out.' : undefined);
  const busy = useSignal(false);
  const user = useRef<HTMLInputElement>(null);
  useEffect(() => {
    user.current?.focus();
    labsToLogIn().then(
      names => {
        labs.value = names;
      },
      (error: unknown) => {
        problem.value = String(error instanceof Error ? error.message : error);
      },
    );
  }, []);
  const submit = async (form: HTMLFormElement) => {
    const fields = new FormData(form);
    const text = (name: string) => String(fields.get(name) ?? '');
    busy.value = true;
    problem.value = undefined;
    try {
      await logIn({ lab: text('lab'), user: text('user'), password: text('password') });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      problem.value = error.status === 401 ? 'No such user, or another password.' : error.message;
      user.current?.focus();
    } finally {
      busy.value = false;
    }
  };
  return (
    <div class="login">
      <h1>Log in</h1>
      <p class="quiet">
        With a user of a lab's Redfish service. On the daemon's own host, <code>quintupleo open</code> lets
        you in without one.
      </p>
      <form
        onSubmit={event => {
          event.preventDefault();
          void submit(event.currentTarget);
        }}
      >
        <label>
          Lab
          <select name="lab" required>
            {labs.value.map(name => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          User
          <input
            ref={user}
            name="user"
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            required
          />
        </label>
        <label>
          Password
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        <p class="problem" role="alert">
          {problem.value}
        </p>
        <button type="submit" class="primary" disabled={busy.value}>
          Log in
        </button>
      </form>
    </div>
  );
}
