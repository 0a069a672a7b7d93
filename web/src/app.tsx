import { effect } from '@preact/signals';
import { logOut } from './access.ts';
import { labNames } from './fleet/fleet.ts';
import { connection, keepWatching } from './live/watch.ts';
import { LabPage } from './pages/lab.tsx';
import { LoginPage } from './pages/login.tsx';
import { NodePage } from './pages/node.tsx';
import { NodesPage } from './pages/nodes.tsx';
import { UnknownPage } from './pages/unknown.tsx';
import { Confirmation } from './parts/confirm.tsx';
import { attempt, Notices } from './parts/notice.tsx';
import { ThemeSwitch } from './parts/theme.tsx';
import { route } from './router.ts';
import { labPath } from './routes.ts';
import { session } from './session.ts';

// The stream lives as long as somebody is logged in.
effect(() => {
  if (session.value.state !== 'in') return;
  const end = new AbortController();
  void keepWatching(end.signal);
  return () => end.abort();
});

export function App() {
  const { value } = session;
  return (
    <>
      <a class="skip" href="#content">
        Skip to content
      </a>
      <header class="bar">
        <a class="brand" href="/" aria-label="QuintupleO: all nodes">
          <Mark />
          <span>QuintupleO</span>
        </a>
        {value.state === 'in' && <LabLinks />}
        <div class="bar-end">
          {value.state === 'in' && <Connection />}
          <ThemeSwitch />
          {value.state === 'in' && (
            <button
              type="button"
              class="plain"
              title={`${value.session.name}, ${value.session.role}`}
              onClick={() => void attempt(logOut)}
            >
              Log out<span class="unseen"> {value.session.name}</span>
            </button>
          )}
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        {value.state === 'out' && <LoginPage ended={value.ended} />}
        {value.state === 'in' && <Page />}
      </main>
      <Notices />
      <Confirmation />
    </>
  );
}

function Page() {
  const { value } = route;
  switch (value.page) {
    case 'nodes':
      return <NodesPage />;
    case 'lab':
      return <LabPage key={value.lab} lab={value.lab} />;
    case 'node':
      return <NodePage key={`${value.lab}/${value.node}`} lab={value.lab} name={value.node} />;
    case 'unknown':
      return <UnknownPage />;
  }
}

function LabLinks() {
  const { value } = route;
  const current = value.page === 'lab' || value.page === 'node' ? value.lab : undefined;
  return (
    <nav class="labs" aria-label="Labs">
      <a href="/" aria-current={value.page === 'nodes' ? 'page' : undefined}>
        All nodes
      </a>
      {labNames.value.map(lab => (
        <a key={lab} href={labPath(lab)} aria-current={lab === current ? 'page' : undefined}>
          {lab}
        </a>
      ))}
    </nav>
  );
}

const connectionTexts = {
  connecting: 'connecting…',
  live: 'live',
  lost: 'reconnecting…',
} as const;

/** Whether the page is up to date; read out when that changes. */
function Connection() {
  return (
    <span class={`connection ${connection.value}`} role="status">
      {connectionTexts[connection.value]}
    </span>
  );
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <circle cx="8" cy="8" r="4.4" />
      <circle cx="24" cy="8" r="4.4" />
      <circle class="full" cx="16" cy="16" r="4.4" />
      <circle cx="8" cy="24" r="4.4" />
      <circle cx="24" cy="24" r="4.4" />
    </svg>
  );
}
