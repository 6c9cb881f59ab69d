// harness.mjs: the simulator as a process, its controls, tests that print TAP, and a check of what clients received against
// the types that their own authors declare: each value becomes a literal in a TypeScript file, and the compiler judges it.
import { execFileSync, spawn } from 'node:child_process';
import { generateKeyPairSync, webcrypto } from 'node:crypto';
import dns from 'node:dns';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
export const ROOT = path.dirname(path.dirname(HERE));
export const GRIDSCOPE = process.env.GRIDSCOPE ?? path.join(ROOT, 'build/gridscope');
export const KEY = 'clientsKey1';
export const SECRET = 'clientsSecret1';
export const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gridscope-clients-'));

globalThis.crypto ??= webcrypto; // Node 18 has it under another name

// A client that falls back on an address of its own finds none: nothing but this machine is looked up.
const { lookup } = dns;
dns.lookup = (host, ...rest) => (host === 'localhost' || host === '127.0.0.1' ? lookup(host, ...rest) : rest.at(-1)(new Error(`${host} is not this machine`)));

// ---- tests ----

const tests = [];

export function test(name, run) {
  tests.push({ name, run });
}

export function check(truth, message) {
  if (!truth) throw new Error(message);
}

export function same(found, wanted, what = 'value') {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  check(a === b, `${what}: found ${a}, wanted ${b}`);
}

/** Waits until `look` gives something true, and returns it. */
export async function until(look, what, ms = 15000) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await look();
    if (found) return found;
    check(Date.now() < end, `${what}: not within ${ms} ms`);
    await new Promise((done) => { setTimeout(done, 10); });
  }
}

/** The error that a promise ends with. */
export async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('was not refused');
}

export async function runTests() {
  let failed = 0;
  for (const [i, row] of tests.entries()) {
    const from = Date.now();
    try {
      await Promise.race([row.run(), new Promise((_, fail) => { setTimeout(() => fail(new Error('not within 40 s')), 40000).unref(); })]);
      console.log(`ok ${i + 1} - ${row.name} (${Date.now() - from} ms)`);
    } catch (error) {
      failed += 1;
      console.log(`not ok ${i + 1} - ${row.name}`);
      console.log(String(error.stack ?? JSON.stringify(error)).replace(/^/gm, '# '));
    }
  }
  console.log(`1..${tests.length}`);
  return failed;
}

// ---- the simulator ----

/** An Ed25519 pair for the exchange's key, and a certificate for TLS on loopback. */
function makeKeys() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const files = { pub: path.join(folder, 'pub.pem'), cert: path.join(folder, 'cert.pem'), key: path.join(folder, 'key.pem') };
  fs.writeFileSync(files.pub, publicKey.export({ type: 'spki', format: 'pem' }));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', files.key, '-out', files.cert], { stdio: 'pipe' });
  return { ...files, ed25519: privateKey.export({ type: 'pkcs8', format: 'pem' }), ca: fs.readFileSync(files.cert) };
}

export const keys = makeKeys();

export class Sim {
  static async start(...flags) {
    const sim = new Sim();
    sim.process = spawn(GRIDSCOPE, ['sim', '--key', KEY, '--secret', SECRET, '--ed25519', keys.pub, ...flags.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] });
    sim.at = JSON.parse(await new Promise((done, fail) => {
      readline.createInterface({ input: sim.process.stdout }).once('line', done);
      sim.process.once('exit', (code) => fail(new Error(`the simulator ended with ${code}`)));
    }));
    return sim;
  }

  /** Its controls, over the bot's port, which speaks plain HTTP. */
  async ask(what, body) {
    const answer = await fetch(`${this.at.bot_url}/sim/${what}`, body ? { method: 'POST', body: JSON.stringify(body) } : {});
    const said = await answer.json();
    check(answer.status === 200, `/sim/${what}: ${answer.status} ${JSON.stringify(said)}`);
    return said;
  }

  /** Does something while nothing is traded. */
  async paused(run) {
    await this.ask('pause', { bot: true, market: true });
    try {
      return await run();
    } finally {
      await this.ask('resume', { bot: true, market: true });
    }
  }

  /** A market order of the account, by hand. */
  trade(symbol = 'BTCUSDT', side = 'buy', quantity = '0.00100') {
    return this.ask('trade', { symbol, side, quantity });
  }

  async close() {
    this.process.removeAllListeners('exit');
    const ended = new Promise((done) => { this.process.once('exit', done); });
    this.process.kill('SIGTERM');
    same(await ended, 0, 'exit code of the simulator');
  }
}

// ---- types ----

const received = [];

/** Keeps a received value to be judged against a type of `from`, such as 'SpotRestAPI.MyTradesResponse'; `loose`: it may have
 * fields that the type lacks. */
export function typed(from, type, value, loose = false) {
  const few = (x) => (Array.isArray(x) ? (typeof x[0] === 'object' ? x.slice(0, 5) : x).map(few) : x && typeof x === 'object' ? Object.fromEntries(Object.entries(x).map(([k, v]) => [k, few(v)])) : x);
  received.push({ from, type, value: few(value), loose });
}

/** Compiles what was received; the compiler's complaints. */
export function complaints() {
  fs.symlinkSync(path.join(HERE, 'node_modules'), path.join(folder, 'node_modules'));
  const roots = new Map();
  for (const { from, type } of received) {
    roots.set(type.match(/\w+/g).find((word) => word !== 'Array' && word !== 'Omit'), from);
  }
  const lines = ['type Mutable<T> = { -readonly [K in keyof T]: Mutable<T[K]> };', 'const loose = <const T>(x: T): Mutable<T> => x as Mutable<T>;'];
  lines.push(...[...roots].map(([root, from]) => `import type { ${root} } from '${from}';`));
  received.forEach(({ type, value, loose }, i) => lines.push(`export const v${i}: ${type} = ${loose ? `loose(${JSON.stringify(value)})` : JSON.stringify(value)};`));
  fs.writeFileSync(path.join(folder, 'received.ts'), `${lines.join('\n')}\n`);
  const compilerOptions = { noEmit: true, strict: true, skipLibCheck: true, module: 'nodenext', target: 'es2022', types: [] };
  fs.writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['received.ts'] }));
  fs.writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  try {
    execFileSync(process.execPath, [path.join(HERE, 'node_modules/typescript/bin/tsc'), '-p', folder], { stdio: 'pipe', cwd: folder });
    return { count: received.length, said: '' };
  } catch (error) {
    return { count: received.length, said: `${error.stdout}` };
  }
}
