/* lazy.tsx: a view that is fetched when it is first wanted: charts are half of the page's weight. */

import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

export function lazy<P extends object>(load: () => Promise<{ default: ComponentType<P> }>, what: string) {
  let loaded: ComponentType<P> | null = null;
  return function Lazy(props: P) {
    const [, redraw] = useState(0);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (loaded !== null) return;
      load().then((module) => {
        loaded = module.default;
        redraw((n) => n + 1);
      }, () => setFailed(true));
    }, []);
    if (loaded !== null) {
      const View = loaded;
      return <View {...props} />;
    }
    return <p class="empty">{failed ? `${what} could not be loaded. Reload the page to try again.` : `Loading ${what}.`}</p>;
  };
}
