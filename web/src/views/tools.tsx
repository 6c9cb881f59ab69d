/* tools.tsx: the reader's own switches: theme, palette, help. */

import { signal } from '@preact/signals';
import { palette, theme } from '../store/settings';
import { Icon } from './icon';

export const helpOpen = signal(false);

export function toggleTheme(): void {
  theme.value = theme.value === 'dark' ? 'light' : 'dark';
}

export function Tools() {
  const dark = theme.value === 'dark';
  const safe = palette.value === 'safe';
  return (
    <div class="tools">
      <button type="button" class="tool" onClick={toggleTheme} data-tip={`${dark ? 'Light' : 'Dark'} theme (t)`} aria-label={dark ? 'Use the light theme' : 'Use the dark theme'}>
        <Icon name={dark ? 'sun' : 'moon'} />
      </button>
      <button type="button" class="tool" aria-pressed={safe} data-tip={safe ? 'Back to green and red' : 'Blue and orange, for colour-blind eyes'}
        aria-label="Colour-blind palette" onClick={() => { palette.value = safe ? 'classic' : 'safe'; }}>
        <Icon name="eye" />
      </button>
      <button type="button" class="tool help-button" data-tip="Keys (?)" aria-label="Keyboard help" onClick={() => { helpOpen.value = true; }}>
        <Icon name="help" />
      </button>
    </div>
  );
}
