// What keys do. Keys with Alt or Ctrl work everywhere, single letters only outside of fields. `?` shows them all.

import { h } from './dom.js';
import { say } from './words.js';

const everywhere = [];
let ofView = [];

/** A key: `code` of the key (layout of the keyboard does not matter), `with` (`alt`, `ctrl`, `shift`), words, what it does. */
export function keysEverywhere(keys) {
  everywhere.push(...keys);
}

export function keysOfView(keys) {
  ofView = keys;
}

const isField = (element) => element.matches?.('input, textarea, select, [contenteditable]');

/** How a key is shown. */
export function shown(key) {
  const name = key.name ?? key.code.replace(/^(Key|Digit)/, '');
  return [key.with === 'ctrl' && 'Ctrl', key.with === 'alt' && 'Alt', key.with === 'shift' && 'Shift', name].filter(Boolean).join('+');
}

function meant(event) {
  const held = event.ctrlKey || event.metaKey ? 'ctrl' : event.altKey ? 'alt' : event.shiftKey ? 'shift' : undefined;
  const fits = (key) => key.code === event.code && key.with === held && ((key.with && key.with !== 'shift') || !isField(event.target));
  return [...ofView, ...everywhere].find(fits);
}

export function listenToKeys() {
  document.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    const asked = document.querySelector('dialog[open]');
    // In a dialog Enter may begin a new line of a note.
    if (asked && event.code === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      asked.querySelector('form')?.requestSubmit();
    }
    if (asked) return;
    if (event.key === '?' && !isField(event.target)) {
      event.preventDefault();
      return showKeys();
    }
    const key = meant(event);
    if (!key) return;
    event.preventDefault();
    key.run();
  });
}

export function showKeys() {
  const list = (heading, keys) => keys.length && h('section', null, h('h3', null, heading),
    h('dl', { class: 'keys' }, keys.map((key) => [h('dt', null, h('kbd', null, shown(key))), h('dd', null, say(key.label))])));
  const dialog = h('dialog', { class: 'dialog wide', 'aria-label': say('keys') },
    h('h2', null, say('keys')),
    h('div', { class: 'two' }, list(say('keys_here'), ofView), list(say('keys_everywhere'), everywhere)),
    h('form', { method: 'dialog', class: 'actions' }, h('button', { class: 'primary', autofocus: true }, say('close'))));
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
