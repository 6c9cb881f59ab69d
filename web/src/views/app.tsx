/* app.tsx: the frame around the views. */

import type { IconName } from './icon';
import { feedState } from '../store/app';
import { hashOf, route, VIEWS, type View } from '../store/route';
import { Announcer, Header, Notices } from './header';
import { Icon } from './icon';
import { Login } from './login';
import { Overview } from './overview';

const NAMES: Readonly<Record<View, string>> = {
  overview: 'Overview', history: 'History', performance: 'Performance', health: 'Health', configuration: 'Configuration',
};

function Nav() {
  const now = route.value.view;
  return (
    <nav class="views" aria-label="Views">
      {VIEWS.map((view) => (
        <a key={view} href={hashOf({ view, pair: null })} aria-current={view === now ? 'page' : undefined}>
          <Icon name={view as IconName} /><span>{NAMES[view]}</span>
        </a>
      ))}
    </nav>
  );
}

export function App({ onLogin }: { onLogin: () => void }) {
  if (feedState.value.phase === 'login') return <Login onDone={onLogin} />;
  return (
    <>
      <Header />
      <Notices />
      <Nav />
      <main><Overview /></main>
      <Announcer />
    </>
  );
}
