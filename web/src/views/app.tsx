/* app.tsx: the frame around the views. */

import type { IconName } from './icon';
import { feedState } from '../store/app';
import { hashOf, route, VIEWS, type View } from '../store/route';
import { Configuration } from './configuration';
import { Announcer, Header, Notices } from './header';
import { Health } from './health';
import { Help } from './help';
import { History } from './history';
import { Icon } from './icon';
import { Login } from './login';
import { Overview } from './overview';
import { Performance } from './performance';

const NAMES: Readonly<Record<View, string>> = {
  overview: 'Overview', history: 'History', performance: 'Performance', health: 'Health', configuration: 'Configuration',
};

function Nav() {
  const now = route.value.view;
  return (
    <nav class="views" aria-label="Views">
      {VIEWS.map((view) => (
        <a key={view} href={hashOf({ view, pair: null })} aria-current={view === now ? 'page' : undefined}>
          <Icon name={view as IconName} />
          {view === 'configuration' ? <><span class="long-name">Configuration</span><span class="short-name">Settings</span></> : <span>{NAMES[view]}</span>}
        </a>
      ))}
    </nav>
  );
}

function Shown() {
  switch (route.value.view) {
    case 'overview': return <Overview />;
    case 'history': return <History />;
    case 'performance': return <Performance />;
    case 'health': return <Health />;
    case 'configuration': return <Configuration />;
  }
}

export function App({ onLogin }: { onLogin: () => void }) {
  if (feedState.value.phase === 'login') return <Login onDone={onLogin} />;
  return (
    <>
      <Header />
      <Notices />
      <Nav />
      <main><Shown /></main>
      <Help />
      <Announcer />
    </>
  );
}
