#!/usr/bin/env node
// Many calls at one time, each with a speech recogniser that hears three partial results a second; how long it takes from
// what was heard to the suggestion for it.
//
//     jiesu serve --bundle . --listen 127.0.0.1:7080 &
//     node --experimental-websocket benches/load/calls.mjs --cases knowledge/cases/city.jsonl --calls 200 --seconds 30
//
// Open loop: a message is sent when its time has come, and its time is counted from that moment (no coordinated omission).
// A message that was overtaken by a later one of its call counts until the suggestion for the later one. The flag is for
// Node 20; Node 22 has WebSocket without it. The server must be on this machine; `--key` for one that has keys.

import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({ options: {
  server: { type: 'string', default: 'http://127.0.0.1:7080' }, cases: { type: 'string' }, calls: { type: 'string', default: '200' },
  rate: { type: 'string', default: '3' }, seconds: { type: 'string', default: '30' }, key: { type: 'string' },
} });
if (!options.cases) throw new Error('--cases FILE: JSON Lines with a text each');
const texts = (await readFile(options.cases, 'utf8')).split('\n').filter(Boolean).map((line) => JSON.parse(line).text).filter(Boolean);
const [calls, rate, seconds] = [Number(options.calls), Number(options.rate), Number(options.seconds)];
const address = options.server.replace(/^http/, 'ws');
const took = [];
let sent = 0;
let suggestions = 0;
let faults = 0;

const sleep = (milliseconds) => new Promise((resume) => { setTimeout(resume, milliseconds); });

/** One call: a text that grows by four characters with every message, an utterance every twenty. */
async function call(number) {
  const protocols = options.key ? ['jiesu.v1', `bearer.${options.key}`] : ['jiesu.v1'];
  const socket = new WebSocket(`${address}/v1/calls/load-${process.pid}-${number}`, protocols);
  await new Promise((ready, failed) => {
    socket.onopen = ready;
    socket.onerror = () => failed(new Error('not connected'));
  });
  const due = new Map();
  let sequence = 0;
  socket.onmessage = ({ data }) => {
    const now = performance.now();
    if (!data.startsWith('{"event":"suggestion"')) {
      if (data.startsWith('{"event":"problem"')) faults += 1;
      return;
    }
    suggestions += 1;
    const covered = Number(/"sequence":(\d+)/.exec(data)[1]);
    for (const [own, since] of due) {
      if (own > covered) continue;
      took.push(now - since);
      due.delete(own);
    }
  };
  const characters = [...texts[number % texts.length].replace(/\s+/g, '')];
  const begins = performance.now() + (number / calls) * (1000 / rate);
  for (let at = 0; at < rate * seconds; at += 1) {
    const time = begins + (at * 1000) / rate;
    await sleep(Math.max(0, time - performance.now()));
    const end = 4 * (at + 1);
    const line = Math.floor((end - 1) / 20);
    const length = characters.length;
    const text = Array.from({ length: end - line * 20 }, (_, index) => characters[(line * 20 + index) % length]).join('');
    sequence += 1;
    due.set(sequence, time);
    sent += 1;
    socket.send(JSON.stringify({ utterance: `u${line}`, speaker: 'caller', text, final: end % 20 === 0, at_ms: line * 1000 }));
  }
  await sleep(1000);
  socket.send('{"end":true}');
  socket.close();
  return due.size;
}

const open = (await Promise.all(Array.from({ length: calls }, (_, number) => call(number)))).reduce((sum, own) => sum + own, 0);
took.sort((a, b) => a - b);
const at = (share) => (took.length ? Number(took[Math.min(took.length - 1, Math.floor(share * took.length))].toFixed(2)) : null);
console.log(JSON.stringify({
  calls, seconds, sent, suggestions, faults, unanswered: open,
  milliseconds: { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) },
}, null, 2));
