/* login.tsx: the password, where one is set. */

import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { login } from '../feed/api';
import { countdown } from '../format/time';
import { localNow } from '../store/clock';

export function Login({ onDone }: { onDone: () => void }) {
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [text, setText] = useState('');
  const [lockedUntil, setLockedUntil] = useState(0);
  const left = lockedUntil - localNow.value;
  const locked = left > 0;
  useEffect(() => {
    document.getElementById('password')?.focus();
  }, []);
  useLayoutEffect(() => {
    (document.getElementById('password') as HTMLInputElement).type = shown ? 'text' : 'password';
  }, [shown]);
  const submit = async (event: { preventDefault(): void }) => {
    event.preventDefault();
    const field = document.getElementById('password') as HTMLInputElement;
    setBusy(true);
    const result = await login(field.value);
    setBusy(false);
    if (result.ok) {
      onDone();
      return;
    }
    field.value = '';
    field.focus();
    setText(result.text);
    if (result.retryAfter !== null) setLockedUntil(Date.now() + result.retryAfter * 1000);
  };
  return (
    <main class="login">
      <form onSubmit={(event) => { void submit(event); }}>
        <h1>Gridscope</h1>
        <label for="password">Password</label>
        <div class="password">
          <input id="password" name="password" type="password" autocomplete="current-password" required disabled={locked} aria-describedby="login-text" />
          <button type="button" class="tool" aria-pressed={shown} aria-label="Show the password" onClick={() => setShown(!shown)}>{shown ? 'Hide' : 'Show'}</button>
        </div>
        <p id="login-text" role="alert">{locked ? `Too many wrong passwords. Try again in ${countdown(left)}.` : text}</p>
        <button type="submit" class="primary" disabled={busy || locked}>{busy ? 'Checking' : 'Log in'}</button>
      </form>
    </main>
  );
}
