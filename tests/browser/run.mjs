// run.mjs: the page in a real browser.
//   node run.mjs                      edge states, against the made-up server
//   node run.mjs --base-url URL       what must hold everywhere, against a running program
//   node run.mjs --start "COMMAND"    the same; COMMAND prints the address of its page and is ended afterwards
//   --only PART   tests whose name contains PART
import { launch } from './browser.mjs';
import { runTests } from './pagetest.mjs';
import { startProgram } from './program.mjs';
import './states.mjs';
import './views.mjs';

function option(name) {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : null;
}

async function main() {
  const command = option('start');
  const program = command === null ? null : startProgram(command);
  const { browser, close } = await launch();
  try {
    const url = program === null ? option('base-url') : await program.url;
    return await runTests(url === null ? 'mock' : 'real', { browser, url, program }, option('only'));
  } finally {
    await close();
    program?.go();
    await program?.stop();
  }
}

main().then((failed) => {
  process.exitCode = failed > 0 ? 1 : 0;
}, (error) => {
  console.log(`Bail out! ${error.message}`);
  process.exitCode = 1;
});
