// Signing in and out: with a key, or at the identity provider (authorization code flow with a proof key, RFC 7636), and the
// lock of a page that nobody touches. What is kept is kept for this tab alone, and no cookie is ever set.

import { ask, forgetKey, key, keepKey } from './api.js';
import { field, h, toast } from './dom.js';
import { freshKey } from './draft.js';
import { say } from './words.js';

const LOCKED = 'jiesu.locked';
const SIGNING_IN = 'jiesu.signing-in';
/** How often it is looked whether the page was left alone, in ms. */
const LOOK = 2000;
const TOUCHES = ['pointerdown', 'keydown', 'wheel', 'touchstart'];
let offered = { idle_minutes: null, provider: null };

/** What the page is told before anybody has signed in; then what came back from the provider is taken, if anything did. */
export async function openSession() {
  offered = await fetch('/console/sign-in').then((response) => response.json()).catch(() => offered);
  await returned();
  if (offered.idle_minutes) watchTouches(offered.idle_minutes * 60000);
}

const isLocked = () => sessionStorage.getItem(LOCKED) !== null;

/** Waits, where the page was locked, for a key that the server takes: any other would uncover the draft. */
export async function unlocked() {
  while (isLocked()) {
    try {
      await ask('/console/names');
      sessionStorage.removeItem(LOCKED);
    } catch {
      // The server is away, or nobody signed in yet.
      await new Promise((resume) => { setTimeout(resume, LOOK); });
    }
  }
}

/** Asks for a key; null when it was not given. Where there is a provider, it is offered first. */
export function askForKey(message) {
  const locked = isLocked();
  return new Promise((answer) => {
    const provider = window.isSecureContext && offered.provider;
    const input = h('input', { type: 'password', autocomplete: 'off', required: true, name: 'key', autofocus: !provider, maxlength: 8200 });
    const heading = say(locked ? 'locked' : 'sign_in');
    const dialog = h('dialog', { class: 'dialog', 'aria-label': heading },
      h('form', { method: 'dialog' },
        h('h2', null, heading), (message || locked) && h('p', { class: 'problem', role: 'alert' }, locked && !key() ? say('locked_note') : message),
        provider && h('div', { class: 'actions' },
          h('button', { type: 'button', class: 'primary', autofocus: true, onclick: () => leaveFor(provider) }, say('sign_in_provider'))),
        field(say('key'), input, say('sign_in_note')),
        h('div', { class: 'actions' }, h('button', { class: provider ? '' : 'primary' }, say('sign_in')))));
    dialog.addEventListener('cancel', (event) => { if (locked) event.preventDefault(); });
    dialog.addEventListener('close', () => {
      dialog.remove();
      answer(input.value.trim() || null);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

export function signOut() {
  if (!key()) return toast(say('not_signed_in'));
  forgetKey();
  return location.reload();
}

/** Forgets the key and everything on the page; what was being written is in the draft. */
export function lock() {
  if (!key()) return toast(say('not_signed_in'));
  sessionStorage.setItem(LOCKED, '1');
  return signOut();
}

function watchTouches(idle) {
  let touched = Date.now();
  for (const touch of TOUCHES) document.addEventListener(touch, () => { touched = Date.now(); }, { passive: true, capture: true });
  setInterval(() => { if (key() && Date.now() - touched >= idle) lock(); }, LOOK);
}

const coded = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');

/** Goes to the provider's page; the proof that it was this tab stays here. */
async function leaveFor(provider) {
  const began = { state: freshKey(), proof: freshKey() + freshKey(), back: location.pathname + location.search + location.hash };
  sessionStorage.setItem(SIGNING_IN, JSON.stringify(began));
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(began.proof));
  const address = new URL(provider.authorize);
  const asked = {
    response_type: 'code', client_id: provider.client_id, redirect_uri: `${location.origin}/console`, scope: provider.scope,
    state: began.state, code_challenge: coded(new Uint8Array(hash)), code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(asked)) address.searchParams.set(name, value);
  location.assign(address);
}

/** Takes the token, where the address says that the provider has sent somebody back to this tab. */
async function returned() {
  const answer = new URLSearchParams(location.search);
  const began = JSON.parse(sessionStorage.getItem(SIGNING_IN) ?? 'null');
  if (!answer.get('state') || !(answer.get('code') || answer.get('error'))) return;
  sessionStorage.removeItem(SIGNING_IN);
  history.replaceState(null, '', began?.back ?? '/console');
  if (!began || answer.get('state') !== began.state || answer.get('error') || !offered.provider) {
    toast(say('sign_in_failed'), 'failed');
    return;
  }
  const body = new URLSearchParams({
    grant_type: 'authorization_code', code: answer.get('code'), redirect_uri: `${location.origin}/console`,
    client_id: offered.provider.client_id, code_verifier: began.proof,
  });
  const token = await fetch(offered.provider.token, { method: 'POST', body, credentials: 'omit' })
    .then((response) => response.json()).then((given) => given.access_token).catch(() => null);
  if (typeof token === 'string' && token) {
    keepKey(token);
  } else {
    toast(say('sign_in_failed'), 'failed');
  }
}
