// run.mjs: the page in a real browser.
//   node run.mjs                      edge states, against the made-up server
//   node run.mjs --base-url URL       what must hold everywhere, against a running program
//   node run.mjs --start "COMMAND"    the same; COMMAND prints the address of its page and is ended afterwards
//   --only PART   tests whose name contains PART
import { spawn } from 'node:child_process';
import { launch } from './browser.mjs';
import { runTests } from './pagetest.mjs';
import './states.mjs';
import './views.mjs';

function option(name) {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : null;
}

function startProgram(command) {
  const child = spawn('/bin/sh', ['-c', `exec ${command}`], { stdio: ['ignore', 'pipe', 'pipe'] });
  const url = new Promise((done, failed) => {
    let said = '';
    const listen = (data) => {
      said += data;
      const found = /https?:\/\/[\w.[\]:]+/.exec(said);
      if (found !== null) done(found[0].replace(/[.:]$/, ''));
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.on('exit', (code) => failed(new Error(`the program ended with ${code} before it named its page: ${said}`)));
    setTimeout(() => failed(new Error(`no address of a page within 30 s: ${said}`)), 30_000).unref();
  });
  const stop = () => new Promise((done) => {
    child.on('exit', done);
    if (child.exitCode !== null) done();
    child.kill('SIGTERM');
  });
  return { url, stop, pause: () => child.kill('SIGSTOP'), go: () => child.kill('SIGCONT') };
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
