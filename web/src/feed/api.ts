/* api.ts: requests to our own server. Every way a request can end is a value, so that a view can say it in words. */

export type Answer<T> =
  | { readonly ok: true; readonly data: T }
  | { readonly ok: false; readonly kind: 'absent' | 'login' | 'refused' | 'unreachable'; readonly text: string };

let onLogin: () => void = () => undefined;

/** Who to tell when any request meets a 401. */
export function setLoginHandler(call: () => void): void {
  onLogin = call;
}

export function query(path: string, args: Readonly<Record<string, string | number | null | undefined>>): string {
  const q = new URLSearchParams();
  for (const [key, value] of Object.entries(args)) if (value != null && value !== '') q.set(key, String(value));
  const text = q.toString();
  return text === '' ? path : `${path}?${text}`;
}

export async function get<T>(path: string, abort?: AbortSignal): Promise<Answer<T>> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: 'same-origin', headers: { Accept: 'application/json' }, signal: abort ?? null });
  } catch {
    return { ok: false, kind: 'unreachable', text: 'Gridscope does not answer.' };
  }
  return read<T>(response);
}

async function read<T>(response: Response): Promise<Answer<T>> {
  if (response.status === 401) {
    onLogin();
    return { ok: false, kind: 'login', text: 'A password is needed.' };
  }
  if (response.status === 404 || response.status === 501) {
    return { ok: false, kind: 'absent', text: 'This server does not have this yet.' };
  }
  try {
    const data: unknown = await response.json();
    if (response.ok) return { ok: true, data: data as T };
    const said = (data as { error?: { message?: unknown } } | null)?.error?.message;
    return { ok: false, kind: 'refused', text: typeof said === 'string' ? said : `Refused with status ${response.status}.` };
  } catch {
    return { ok: false, kind: 'refused', text: `Answer ${response.status} could not be read.` };
  }
}

export type LoginResult = { readonly ok: true } | { readonly ok: false; readonly retryAfter: number | null; readonly text: string };

export async function login(password: string): Promise<LoginResult> {
  try {
    const response = await fetch('/api/v1/login', {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ password }),
    });
    if (response.ok) return { ok: true };
    if (response.status === 429) {
      const seconds = Number(response.headers.get('Retry-After'));
      return { ok: false, retryAfter: Number.isFinite(seconds) && seconds > 0 ? seconds : 900, text: 'Too many wrong passwords.' };
    }
    if (response.status === 401 || response.status === 403) return { ok: false, retryAfter: null, text: 'That is not the password.' };
    return { ok: false, retryAfter: null, text: `The server refused with status ${response.status}.` };
  } catch {
    return { ok: false, retryAfter: null, text: 'Gridscope does not answer. Try again when it is back.' };
  }
}

export async function logout(): Promise<void> {
  try {
    await fetch('/api/v1/logout', { method: 'POST', credentials: 'same-origin' });
  } finally {
    onLogin();
  }
}

async function timed(path: string, timeoutMs: number): Promise<Response> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), timeoutMs);
  try {
    return await fetch(path, { credentials: 'same-origin', cache: 'no-store', signal: stop.signal });
  } finally {
    clearTimeout(timer);
  }
}

/** A sign of life: any answer will do. */
export async function signOfLife(timeoutMs: number): Promise<void> {
  const response = await timed('/healthz', timeoutMs);
  void response.body?.cancel();
}

export interface LoginState {
  readonly required: boolean;
  readonly authenticated: boolean;
}

export async function loginState(timeoutMs: number): Promise<LoginState> {
  const response = await timed('/api/v1/session', timeoutMs);
  return (await response.json()) as LoginState;
}

export async function loginWanted(timeoutMs: number): Promise<boolean> {
  const state = await loginState(timeoutMs);
  return state.required && !state.authenticated;
}
