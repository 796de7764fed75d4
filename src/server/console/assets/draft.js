// The call that is being taken. Kept in this browser with every change, so that a closed tab or a restarted server loses
// nothing; forgotten once it was sent or cleared. Each tab has a draft of its own.

const PREFIX = 'jiesu.draft.';
const MOST_TABS = 8;
const MOST_TRIES = 20;
/** Where a tab remembers which draft it went over to. */
const CHOSEN = 'jiesu.draft';

/** A key that no other request has; `crypto.randomUUID` is missing on pages loaded over plain HTTP. */
export function freshKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const blank = () => ({
  text: '', title: '', district: '', channel: 'phone', name: '', phone: '', confidential: false,
  // What the agent put in the place of the suggestion; null where it is taken as it is.
  reply: null, scenario: null, department: null, reason: '',
  // What was asked and answered: the ids of questions with the answers, `unknown` for "cannot say".
  answers: [],
  // The call that is listened to, and what the caller said on it.
  call: '', spoken: '',
  began: Date.now(), requestKey: freshKey(),
});

let place = `${PREFIX}1`;
let draft = blank();
const listeners = new Set();

/** Takes the first draft that no other tab has open. */
export async function openDraft() {
  if (navigator.locks) {
    const chosen = sessionStorage.getItem(CHOSEN);
    for (const own of chosen ? [chosen, ...places()] : places()) {
      // A page that is loaded again may come before it let go of its own.
      if (await hold(own) || (own === chosen && await holdSoon(own))) {
        place = own;
        break;
      }
    }
  }
  try {
    draft = { ...blank(), ...JSON.parse(localStorage.getItem(place) ?? '{}') };
  } catch {
    draft = blank();
  }
}

/** The same for a name that is let go of soon. */
async function holdSoon(name) {
  for (let left = MOST_TRIES; left > 0; left -= 1) {
    await new Promise((resume) => { setTimeout(resume, 50); });
    if (await hold(name)) return true;
  }
  return false;
}

const places = () => Array.from({ length: MOST_TABS }, (_, index) => `${PREFIX}${index + 1}`);

/** Leaves the draft where it is kept and begins another; false where there is no room for one. */
export async function another() {
  for (const own of places()) {
    if (own === place || localStorage.getItem(own) || (navigator.locks && !await hold(own))) continue;
    place = own;
    sessionStorage.setItem(CHOSEN, own);
    draft = blank();
    for (const listener of listeners) listener(draft, Object.keys(draft));
    return true;
  }
  return false;
}

/** Whether this tab has the name from now on, until it is closed. */
function hold(name) {
  return new Promise((answer) => {
    navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      answer(lock !== null);
      return lock && new Promise(() => {});
    });
  });
}

export const current = () => draft;

/** Changes some of it, keeps it, and tells whoever listens which fields changed. */
export function change(fields) {
  draft = { ...draft, ...fields };
  keep();
  for (const listener of listeners) listener(draft, Object.keys(fields));
}

export function clear() {
  draft = blank();
  localStorage.removeItem(place);
  for (const listener of listeners) listener(draft, Object.keys(draft));
}

export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether anything was written that would be lost. */
export const isBlank = () => !draft.text && !draft.phone && !draft.name && !draft.call;

/** All that is decided on and sent: what was said, then what was typed. */
export const wholeText = () => [draft.spoken, draft.text].filter((part) => part.trim()).join('\n');

function keep() {
  if (isBlank()) localStorage.removeItem(place);
  else localStorage.setItem(place, JSON.stringify(draft));
}
