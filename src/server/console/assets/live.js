// That tickets change, as they do. `EventSource` cannot send a key, so the stream is read by hand; what is read is the
// format of server-sent events (HTML Living Standard, section 9.2).

import { open } from './api.js';

const LONGEST_WAIT = 15000;
const listeners = new Set();
const watchers = new Set();
const ofBundle = new Set();
let running = false;
let state = 'off';

function become(next) {
  state = next;
  for (const watcher of watchers) watcher(state);
}

/** Tells of every state of the connection: `on`, `off` or `none` (no tickets are kept here). */
export function watch(watcher) {
  watchers.add(watcher);
  watcher(state);
}

/** Hears of changes until the function that comes back is called. `null`: some were missed, read everything again. */
export function listen(listener) {
  listeners.add(listener);
  if (!running) run();
  return () => listeners.delete(listener);
}

/** Hears of every bundle that takes the place of another: `{revision}`. */
export function listenToBundle(listener) {
  ofBundle.add(listener);
  return () => ofBundle.delete(listener);
}

function tell(news) {
  for (const listener of listeners) listener(news);
}

async function run() {
  running = true;
  let wait = 500;
  for (;;) {
    try {
      const response = await open('/v1/events');
      become('on');
      wait = 500;
      tell(null);
      await read(response.body.pipeThrough(new TextDecoderStream()).getReader());
    } catch (problem) {
      if (problem.type === 'tickets-off') return become('none');
    }
    become('off');
    await new Promise((resume) => { setTimeout(resume, wait * (0.75 + Math.random() / 2)); });
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }
}

async function read(stream) {
  let rest = '';
  for (;;) {
    const { value, done } = await stream.read();
    if (done) return;
    const events = (rest + value.replace(/\r/g, '')).split('\n\n');
    rest = events.pop();
    for (const event of events) {
      const fields = event.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]);
      const name = fields.find(([field]) => field === 'event')?.[1];
      const data = fields.filter(([field]) => field === 'data').map(([, text]) => text).join('\n');
      if (name === 'ticket') tell(JSON.parse(data));
      else if (name === 'missed') tell(null);
      else if (name === 'bundle') for (const listener of ofBundle) listener(JSON.parse(data));
    }
  }
}
