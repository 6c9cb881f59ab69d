/* main.tsx: wires the layers: feed to store, store to views. Nothing else knows more than its neighbour. */

import { render } from 'preact';
import { probe, setLoginHandler } from './feed/api';
import { Feed, type SocketLike } from './feed/client';
import { feedState, live } from './store/app';
import { startClock } from './store/clock';
import { applyTheme } from './store/settings';
import { startRoute } from './store/route';
import { deliver, setTopicWire } from './store/topics';
import { App } from './views/app';
import { startBadge } from './views/badge';
import { startKeys } from './views/keys';
import { startTips } from './views/tip';
import './styles/main.css';

const feed = new Feed(
  {
    open: () => new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`) as unknown as SocketLike,
    probe,
    now: () => Date.now(),
    later: (ms, call) => setTimeout(call, ms),
    cancel: (timer) => clearTimeout(timer as number),
    random: Math.random,
  },
  {
    state: (state) => { feedState.value = state; },
    snapshot: (message) => live.applySnapshot(message, Date.now()),
    delta: (message) => live.applyDelta(message, Date.now()),
    topic: deliver,
  },
);

setTopicWire(feed);
setLoginHandler(() => feed.wantLogin());
applyTheme();
startClock();
startRoute();
startTips();
startKeys();
startBadge();
addEventListener('online', () => feed.nudge());
addEventListener('offline', () => feed.nudge());
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) feed.nudge();
});
feed.start();
render(<App onLogin={() => feed.start()} />, document.getElementById('app') as HTMLElement);
