/* clock.ts: the one ticking signal. Whoever shows an age reads it; once a second everything that counts moves together. */

import { signal } from '@preact/signals';

export const localNow = signal(Date.now());

export function startClock(): void {
  const tick = () => {
    localNow.value = Date.now();
  };
  setInterval(tick, 1000);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) tick();
  });
}
