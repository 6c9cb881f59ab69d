/* help.tsx: the keyboard map, on `?`. */

import { useEffect, useRef } from 'preact/hooks';
import { Icon } from './icon';
import { BINDINGS } from './keys';
import { helpOpen } from './tools';

const CHART_KEYS = [['\u2190 \u2192', 'Move the chart (when it has focus)'], ['+ \u2212', 'Zoom the chart'], ['Home End', 'Whole chart, newest bar']] as const;

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = helpOpen.value;
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={() => { helpOpen.value = false; }}>
      <div class="bar"><h2 id="help-title">Keys</h2>
        <button type="button" class="tool" aria-label="Close" onClick={() => { helpOpen.value = false; }}><Icon name="close" /></button></div>
      <dl>
        {BINDINGS.map((binding) => (
          <div key={binding.says}><dt>{(binding.keys.length > 2 ? [`${binding.keys[0]} \u2013 ${binding.keys[binding.keys.length - 1]}`] : binding.keys).map((key) => <kbd key={key}>{key === 'Escape' ? 'Esc' : key}</kbd>)}</dt><dd>{binding.says}</dd></div>
        ))}
        {CHART_KEYS.map(([key, says]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{says}</dd></div>)}
      </dl>
    </dialog>
  );
}
