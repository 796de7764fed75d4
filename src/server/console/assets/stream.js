// A call as it is heard elsewhere: what a speech recogniser sends to the server, and the suggestions that it makes of it.
// The protocol is that of `/v1/calls/{id}` in docs/api.md.

import { key } from './api.js';

const PROTOCOL = 'jiesu.v1';
const LONGEST_WAIT = 15000;
/** The server says that the call is over, or that it will not have this page. */
const OVER = [1000, 1008];

export class Stream {
  /** Joins the call. `on.lines()` when the transcript changed, `on.suggestion(event)`, `on.context(event)`, `on.opened()`,
   *  `on.state('on' | 'off' | 'over')`. */
  constructor(call, on) {
    this.call = call;
    this.on = on;
    this.lines = new Map();
    this.forgotten = 0;
    this.parts = [];
    this.sequence = 0;
    this.wait = 500;
    this.closed = false;
    this.#connect();
  }

  get connected() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** The lines in the order in which they began. */
  get ordered() {
    return [...this.lines.values()].sort((a, b) => a.at_ms - b.at_ms);
  }

  send(message) {
    if (this.connected) this.socket.send(JSON.stringify(message));
  }

  /** The call is over: for everybody. */
  end() {
    this.send({ end: true });
    this.close();
  }

  /** Leaves the call; it goes on. */
  close() {
    this.closed = true;
    clearTimeout(this.again);
    this.socket?.close();
  }

  #connect() {
    const address = `${location.origin.replace(/^http/, 'ws')}/v1/calls/${encodeURIComponent(this.call)}?after=${this.sequence}`;
    const own = key();
    this.socket = new WebSocket(address, own ? [PROTOCOL, `bearer.${own}`] : [PROTOCOL]);
    this.socket.addEventListener('message', (message) => {
      if (!this.closed) this.#hear(JSON.parse(message.data));
    });
    this.socket.addEventListener('close', ({ code }) => {
      if (this.closed) return;
      this.closed = OVER.includes(code);
      this.on.state(this.closed ? 'over' : 'off');
      if (this.closed) return;
      this.again = setTimeout(() => this.#connect(), this.wait * (0.75 + Math.random() / 2));
      this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
    });
  }

  #hear(event) {
    this.sequence = Math.max(this.sequence, event.sequence ?? 0);
    if (event.event === 'opened') {
      // The server knows less than this page: it begins again.
      if (event.sequence < this.sequence) this.lines.clear();
      this.sequence = Math.min(this.sequence, event.sequence);
      this.wait = 500;
      this.on.state('on');
      this.on.opened(event);
    } else if (event.event === 'utterance') {
      this.lines.set(event.utterance, event);
      this.on.lines();
    } else if (event.event === 'forgotten') {
      this.forgotten = event.count;
      const first = this.lines.get(event.first);
      for (const [id, line] of this.lines) if (first && line.at_ms < first.at_ms) this.lines.delete(id);
      this.on.lines();
    } else if (event.event === 'context') {
      this.on.context(event);
    } else if (event.event === 'suggestion') {
      this.parts = event.parts;
      this.on.suggestion(event);
    }
  }
}
