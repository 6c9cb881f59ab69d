// run.mjs: Binance clients of other authors against the simulator, and another WebSocket against ours (GRIDSCOPE names the program, in its
// build folder with the tests built). Speaks TAP.
//   npm ci && GRIDSCOPE=../../build-test/gridscope node run.mjs
import fs from 'node:fs';

import { complaints, folder, runTests, same, test } from './harness.mjs';

process.env.LOG_LEVEL = 'error'; // the connector's word for how much it tells
await import('./official.mjs');
await import('./sdk.mjs');
await import('./websocket.mjs');

test("everything received is of the clients' own types", () => {
  const { said } = complaints();
  same(said, '', 'what the compiler says');
});

const failed = await runTests();
fs.rmSync(folder, { recursive: true, force: true });
process.exit(failed ? 1 : 0);
