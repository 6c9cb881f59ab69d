/* main.tsx: wires the layers: feed to store, store to views. Nothing else knows more than its neighbour. */

import { render } from 'preact';
import { get, loginWanted, setLoginHandler, signOfLife } from './feed/api';
import { Feed, type SocketLike } from './feed/client';
import { currencySign, feedState, live } from './store/app';
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
    open: (resume) => new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws?resume=${resume}`) as unknown as SocketLike,
    probe: signOfLife,
    loginWanted,
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
const once = live.ready.subscribe((ready) => {
  if (!ready) return;
  queueMicrotask(() => once());
  void get<{ settings?: Record<string, unknown> }>('/api/v1/config').then((answer) => {
    const sign = answer.ok ? answer.data.settings?.GRIDSCOPE_CURRENCY_SIGN : null;
    currencySign.value = typeof sign === 'string' && sign !== '' ? sign : null;
  });
});
feed.start();
const root = document.getElementById('app') as HTMLElement;
root.textContent = '';
render(<App onLogin={() => feed.start()} />, root);
