// pagetest.mjs: a test is a name and a function that throws. Prints TAP; one failing test does not stop the others.

const tests = [];

/** `on`: 'any' server, or the 'mock' alone, whose states can be set. */
export function test(name, on, run) {
  tests.push({ name, on, run });
}

export function check(truth, message) {
  if (!truth) throw new Error(message);
}

export function same(found, wanted, what = 'value') {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  check(a === b, `${what}: found ${a}, wanted ${b}`);
}

/* What a test waits for comes at once on an idle machine; a busy one may take its time. How fast something has to be is
 * asserted on virtual time (web/test), never on the clock of a machine that others use too. */
const PATIENCE_MS = 30_000;

/** Waits until `look` gives something true and returns it. */
export async function until(look, what) {
  const from = Date.now();
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() - from > PATIENCE_MS) throw new Error(`${what}: not within ${PATIENCE_MS / 1000} s`);
    await new Promise((done) => { setTimeout(done, 25); });
  }
}

export async function runTests(kind, context, only) {
  const chosen = tests.filter((row) => (row.on === 'any' || row.on === kind) && (only === null || row.name.includes(only)));
  let failed = 0;
  for (const [i, row] of chosen.entries()) {
    const from = Date.now();
    try {
      await row.run(context);
      console.log(`ok ${i + 1} - page/${row.name} # ${Date.now() - from} ms`);
    } catch (error) {
      failed += 1;
      console.log(`not ok ${i + 1} - page/${row.name}`);
      console.log(`  ---\n  message: ${JSON.stringify(error.message)}\n  ...`);
    }
  }
  console.log(`1..${chosen.length}`);
  return failed;
}
