/* overview.tsx: the first view: windows, pairs. */

import { Pairs } from './pairs';
import { Windows } from './windows';

export function Overview() {
  return (
    <div class="overview">
      <Windows />
      <Pairs />
    </div>
  );
}
