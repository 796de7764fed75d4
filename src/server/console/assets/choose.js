// A field in which one chooses from what a search finds (combobox with a list, ARIA 1.2).

import { field, fill, freshId, h } from './dom.js';

/**
 * `find(words)` gives `{id, label, hint}`; `onchoose(choice)` hears of each choice, and of null when the words are no
 * choice any more. Departments may be written without choosing (`free`): the API knows names and aliases.
 */
export function choose({ find, label, note = null, value = null, free = false, onchoose = () => {} }) {
  const listId = freshId('list');
  const list = h('ul', { role: 'listbox', id: listId, class: 'choices', 'aria-label': label, hidden: true });
  const input = h('input', {
    id: freshId('choose'), role: 'combobox', autocomplete: 'off', spellcheck: 'false', 'aria-expanded': 'false',
    'aria-controls': listId, 'aria-autocomplete': 'list', maxlength: 200,
  });
  const box = field(label, input, note);
  box.classList.add('choose');
  box.append(list);
  let chosen = null;
  let found = [];
  let active = -1;
  let asked = 0;

  function close() {
    list.hidden = true;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
    active = -1;
  }

  function point(to) {
    active = to;
    [...list.children].forEach((option, index) => option.setAttribute('aria-selected', String(index === active)));
    const option = list.children[active];
    if (option) {
      input.setAttribute('aria-activedescendant', option.id);
      option.scrollIntoView({ block: 'nearest' });
    }
  }

  function take(choice) {
    chosen = choice;
    input.value = choice ? choice.label : '';
    close();
    onchoose(choice);
  }

  /** Looks for what is written; for everything where a choice stands and another one is wanted. */
  async function look(all = false) {
    asked += 1;
    const own = asked;
    const answer = await find(all || chosen ? '' : input.value.trim()).catch(() => []);
    if (own !== asked || document.activeElement !== input) return;
    found = answer;
    fill(list, found.map((choice) => h('li', {
      role: 'option', id: freshId('option'), 'aria-selected': 'false',
      onmousedown: (event) => { event.preventDefault(); take(choice); },
    }, h('span', null, choice.label), h('small', null, choice.hint))));
    list.hidden = found.length === 0;
    input.setAttribute('aria-expanded', String(found.length > 0));
    point(found.length ? 0 : -1);
  }

  input.addEventListener('input', () => {
    chosen = null;
    onchoose(null);
    look();
  });
  input.addEventListener('focus', () => input.select());
  input.addEventListener('click', () => { if (list.hidden) look(); });
  input.addEventListener('blur', () => {
    if (!free && !chosen) input.value = '';
    close();
  });
  input.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (list.hidden) {
      if (event.key === 'ArrowDown') {
        event.preventDefault();
        look(true);
      }
      return;
    }
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) point((active + steps[event.key] + found.length) % found.length);
    else if (event.key === 'Enter' && found[active]) take(found[active]);
    else if (event.key === 'Escape') close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  if (value) {
    chosen = value;
    input.value = value.label;
  }
  return {
    box,
    input,
    /** What was chosen: an id, or the words where those are allowed; empty where nothing was. */
    get value() { return chosen?.id ?? (free ? input.value.trim() : ''); },
    get choice() { return chosen; },
    set(choice) { chosen = choice; input.value = choice?.label ?? ''; },
  };
}
