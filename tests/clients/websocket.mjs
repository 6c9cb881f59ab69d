// websocket.mjs: the npm package `ws` as the other side of our WebSocket code: its client against our server, its server
// against our client (both as the echo of tests/wire/echo.c), and its client against the dashboard.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';

import WebSocket, { WebSocketServer } from 'ws';

import { GRIDSCOPE, KEY, SECRET, Sim, check, folder, same, test, until } from './harness.mjs';

const ECHO = path.join(path.dirname(GRIDSCOPE), 'tests/wire/wire_echo');
const LENGTHS = [0, 1, 125, 126, 127, 65535, 65536, 300000];
const text = (length) => 'aä'.repeat(length).slice(0, length - Math.floor(length / 3)); // of about so many bytes

/** What a socket tells, in order, to be waited for. */
function listen(socket) {
  const told = [];
  socket.on('message', (data, binary) => told.push(['message', binary ? data.toString('hex') : data.toString()]));
  socket.on('ping', (data) => told.push(['ping', data.toString()]));
  socket.on('pong', (data) => told.push(['pong', data.toString()]));
  socket.on('close', (code, reason) => told.push(['close', code, reason.toString()]));
  socket.on('error', (error) => told.push(['error', error.message]));
  let taken = 0;
  return { next: async () => { await until(() => told.length > taken, 'an event'); taken += 1; return told[taken - 1]; } };
}

async function talk(socket, heard) {
  for (const length of LENGTHS) {
    socket.send(text(length));
    same(await heard.next(), ['message', text(length)], `a message of about ${length} bytes`);
  }
  for (const [part, fin] of [['frag', false], ['men', false], ['ted ä', true]]) socket.send(part, { fin });
  same(await heard.next(), ['message', 'fragmented ä'], 'fragments');
  socket.ping('are you there');
  same(await heard.next(), ['pong', 'are you there'], 'ping');
}

test('ws: its client talks to our server, which takes no compression', async () => {
  const server = spawn(ECHO, ['server'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((done) => { server.once('exit', done); });
  const port = await new Promise((done) => { readline.createInterface({ input: server.stdout }).once('line', done); });
  for (const code of [1000, 1001, 3000, 4999]) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: true });
    const heard = listen(socket);
    await until(() => socket.readyState === WebSocket.OPEN, 'open');
    same(socket.extensions, '', 'extensions');
    if (code === 1000) await talk(socket, heard);
    socket.send(Buffer.from([0, 255, 128]));
    same(await heard.next(), ['message', '00ff80'], 'a binary message');
    socket.close(code, 'so long');
    same((await heard.next()).slice(0, 2), ['close', code], 'the close');
  }
  const last = new WebSocket(`ws://127.0.0.1:${port}/`);
  last.on('open', () => last.send('the end'));
  same(await ended, 0, 'exit code');
});

test('ws: its server talks to our client', async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: true });
  const calls = [];
  server.on('connection', (socket) => calls.push([socket, listen(socket)]));
  await until(() => server.address(), 'listening');
  const client = spawn(ECHO, ['client', String(server.address().port)], { stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = new Promise((done) => { client.once('exit', done); });
  for (const [i, code] of [1000, 1012, 4999].entries()) { // it calls again after each close
    const [socket, heard] = await until(() => calls[i], `call ${i}`);
    if (i === 0) await talk(socket, heard);
    socket.close(code, 'so long');
    same((await heard.next()).slice(0, 2), ['close', code], 'the close');
  }
  const [socket] = await until(() => calls[3], 'the last call');
  socket.send('the end');
  same(await ended, 0, 'exit code');
  server.close();
});

test('ws: its client follows the dashboard, delta by delta', async () => {
  const sim = await Sim.start('--symbols', 'BTC/USDT,BNB/USDT', '--history', 20);
  const portFile = path.join(folder, 'port');
  const ours = Object.fromEntries(Object.entries(process.env).filter(([k]) => !/^(GRIDSCOPE_|DASHBOARD_|EXCHANGE__)/.test(k)));
  const dash = spawn(GRIDSCOPE, ['run'], { cwd: folder, stdio: 'ignore', env: { ...ours, GRIDSCOPE_LISTEN: '127.0.0.1:0', GRIDSCOPE_DB: ':memory:', GRIDSCOPE_PORT_FILE: portFile,
    EXCHANGE__API_KEY: KEY, EXCHANGE__API_SECRET: SECRET, DASHBOARD_API_BASE_URL: sim.at.bot_url, GRIDSCOPE_BINANCE_REST_URL: sim.at.rest_url,
    GRIDSCOPE_BINANCE_STREAM_URL: sim.at.stream_url, GRIDSCOPE_BINANCE_WS_API_URL: sim.at.ws_api_url } });
  const ended = new Promise((done) => { dash.once('exit', done); });
  const port = await until(() => fs.existsSync(portFile) && fs.readFileSync(portFile, 'utf8').trim(), 'the port');
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { origin: `http://127.0.0.1:${port}` });
  const heard = listen(socket);
  let seq = null, deltas = 0;
  while (deltas < 10) {
    const [kind, data] = await heard.next();
    same(kind, 'message', 'what comes');
    const message = JSON.parse(data);
    if (seq !== null) same(message.seq, seq + 1, 'seq');
    deltas += message.type === 'delta';
    seq = message.seq;
  }
  socket.send('x'.repeat(4097));
  let last;
  do last = await heard.next(); while (last[0] === 'message');
  same(last.slice(0, 2), ['close', 1009], 'the answer to a message over the bound');
  check(dash.exitCode === null, 'the dashboard ended');
  dash.kill('SIGTERM');
  same(await ended, 0, 'exit code of the dashboard');
  await sim.close();
});
