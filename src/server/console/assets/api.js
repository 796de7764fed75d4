// The API: one way in. A key is asked for when the server wants one, kept for this tab alone, and sent as bearer.

import { language } from './words.js';

const KEY = 'jiesu.key';

/** What the server refused, in words for people (RFC 9457). */
export class Problem extends Error {
  constructor(status, document) {
    super(document.detail || document.title || `HTTP ${status}`);
    this.status = status;
    this.type = (document.type ?? '').replace('urn:jiesu:problem:', '');
    this.document = document;
  }
}

let askForKey = async () => null;
let asking = null;

/** Says how a key is asked for: a function that gives one, or null. */
export function keysComeFrom(ask) {
  askForKey = ask;
}

export function key() {
  return sessionStorage.getItem(KEY);
}

export function keepKey(given) {
  sessionStorage.setItem(KEY, given);
}

export function forgetKey() {
  sessionStorage.removeItem(KEY);
}

/** Asks for a key, once however many requests wait for it. */
async function signIn(message) {
  asking ??= askForKey(message).finally(() => { asking = null; });
  const given = await asking;
  if (given) keepKey(given);
  return Boolean(given);
}

function headersFor(given) {
  const own = key();
  return { 'Accept-Language': language() === 'zh' ? 'zh-CN' : 'en', ...(own && { Authorization: `Bearer ${own}` }), ...given };
}

/** The response of a request; signs in where that is asked for. */
export async function open(path, { body, headers, ...options } = {}) {
  const used = key();
  const sent = headersFor({ ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers });
  const response = await fetch(path, {
    ...options, headers: sent, ...(body !== undefined && { body: JSON.stringify(body), method: options.method ?? 'POST' }),
  });
  if (response.ok) return response;
  const document = await response.json().catch(() => ({}));
  if (response.status === 401) {
    // Another request may have been given a key in the meantime.
    if (key() !== used || await signIn(document.detail)) return open(path, { body, headers, ...options });
  }
  throw new Problem(response.status, document);
}

/** The answer of a request, as JSON. */
export async function ask(path, options) {
  return (await open(path, options)).json();
}

/** A body for every `POST`. */
export const post = (path, body, options = {}) => ask(path, { ...options, method: 'POST', body });

/** Does an action with a ticket as it was seen: refused when somebody changed it since. */
export function act(ticket, action) {
  return post(`/v1/tickets/${encodeURIComponent(ticket.id)}/actions`, action, { headers: { 'If-Match': `"${ticket.version}"` } });
}
