// Elements made from data. Text becomes text nodes and is never read as HTML; the page's policy forbids it as well.

/** An element: attributes (`on…` are listeners, `dataset` an object; null and false leave one out), then children. */
export function h(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (key === 'dataset') Object.assign(made.dataset, value);
    else if (key === 'value') made.value = value;
    else if (key === 'checked') made.checked = value;
    else made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...flat(children));
  return made;
}

/** Children without what is missing: null, false, an empty text, a count of none. Figures are given as text. */
function flat(children) {
  return children.flat(4).filter(Boolean);
}

export function fill(element, ...children) {
  element.replaceChildren(...flat(children));
  return element;
}

let last = 0;
/** An id that no other element of the page has. */
export function freshId(prefix) {
  last += 1;
  return `${prefix}-${last}`;
}

/** A field with its label above it. */
export function field(label, control, note) {
  const id = control.id || freshId('field');
  control.id = id;
  return h('div', { class: 'field' }, h('label', { for: id }, label), control, note && h('p', { class: 'note' }, note));
}

/** Says something at the edge of the page for a few seconds. */
export function toast(text, kind = 'done') {
  const said = h('p', { class: `toast ${kind}` }, text);
  document.getElementById('toasts').append(said);
  setTimeout(() => said.remove(), kind === 'failed' ? 9000 : 4500);
}

/** Puts text on the clipboard; also where the page was loaded over plain HTTP, which has no clipboard of its own. */
export async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = h('textarea', { class: 'offscreen', 'aria-hidden': 'true' });
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
  return undefined;
}
