/* topics.ts: live messages beyond the snapshot, for as long as a view wants them. */

import { useEffect, useState } from 'preact/hooks';
import type { JsonObject } from '../feed/patch';

type Listener = (message: JsonObject) => void;

interface Wire {
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
}

const listeners = new Map<string, Set<Listener>>();
let wire: Wire | null = null;

export function setTopicWire(to: Wire): void {
  wire = to;
}

export function deliver(topic: string, message: JsonObject): void {
  for (const listener of listeners.get(topic) ?? []) listener(message);
}

export function listen(topic: string, listener: Listener): () => void {
  let set = listeners.get(topic);
  if (set === undefined) {
    set = new Set();
    listeners.set(topic, set);
    wire?.subscribe(topic);
  }
  set.add(listener);
  return () => {
    set.delete(listener);
    if (set.size > 0 || listeners.get(topic) !== set) return;
    listeners.delete(topic);
    wire?.unsubscribe(topic);
  };
}

/** A burst of messages asks once. */
const GATHER_MS = 400;

/** A number that rises when something was said on the topic: reason to ask again. */
export function useTopicVersion(topic: string | null): number {
  const [version, setVersion] = useState(0);
  useEffect(() => {
    if (topic === null) return undefined;
    let timer: ReturnType<typeof setTimeout> | null = null;
    const stop = listen(topic, () => {
      timer ??= setTimeout(() => {
        timer = null;
        setVersion((n) => n + 1);
      }, GATHER_MS);
    });
    return () => {
      stop();
      if (timer !== null) clearTimeout(timer);
    };
  }, [topic]);
  return version;
}
