// program.mjs: the real program as a test's server: started by a shell command, found by the address it prints, ended by us.
import { spawn } from 'node:child_process';

export function startProgram(command) {
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
  url.catch(() => undefined);
  const stop = () => new Promise((done) => {
    child.on('exit', done);
    if (child.exitCode !== null) done();
    child.kill('SIGTERM');
  });
  return { url, stop, pause: () => child.kill('SIGSTOP'), go: () => child.kill('SIGCONT') };
}
