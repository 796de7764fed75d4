// Begins the console: the frame around all pages, which page is shown, signing in.

import { keysComeFrom } from './api.js';
import { openDraft } from './draft.js';
import { fill } from './dom.js';
import { keysEverywhere, keysOfView, listenToKeys, showKeys } from './keys.js';
import { listen, watch } from './live.js';
import { askForKey, lock, openSession, signOut, unlocked } from './session.js';
import { countDown } from './time.js';
import { language, say, setLanguage } from './words.js';

const PAGES = { '': 'call', desk: 'desk', department: 'department', 'call-backs': 'callbacks', knowledge: 'knowledge', bundle: 'bundle', figures: 'figures', try: 'try', proposals: 'proposals' };
const THEMES = ['auto', 'light', 'dark'];
const view = document.getElementById('view');
let leave = null;
let going = 0;

const pageOf = (path) => path.replace(/^\/console\/?/, '');

/** Shows the page that the address names. */
async function show() {
  going += 1;
  const own = going;
  const page = pageOf(location.pathname);
  const module = await import(`./${PAGES[page] ?? 'call'}.js`);
  if (own !== going) return;
  leave?.();
  leave = null;
  for (const link of document.querySelectorAll('[data-page]')) {
    if (link.dataset.page === page && link.closest('nav')) {
      link.setAttribute('aria-current', 'page');
      // On a phone the row of pages is wider than the screen.
      link.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    } else link.removeAttribute('aria-current');
  }
  document.title = `${say(`page_${page.replace('-', '_') || 'call'}`)} · ${say('console')}`;
  view.className = `view ${PAGES[page] ?? 'call'}`;
  fill(view);
  keysOfView(module.keys ?? []);
  leave = module.mount(view) ?? null;
}

export function go(address) {
  if (address !== location.pathname + location.search) history.pushState(null, '', address);
  return show();
}

/** The words of the frame in the language that is chosen. */
function speak() {
  document.documentElement.lang = language() === 'zh' ? 'zh-CN' : 'en';
  for (const part of document.querySelectorAll('[data-say]')) part.textContent = say(part.dataset.say);
  for (const part of document.querySelectorAll('[data-say-label]')) part.setAttribute('aria-label', say(part.dataset.sayLabel));
  const button = document.getElementById('language');
  button.textContent = language() === 'zh' ? 'EN' : '中文';
  button.lang = language() === 'zh' ? 'en' : 'zh-CN';
  button.setAttribute('aria-label', language() === 'zh' ? 'EN · English' : '中文');
  dress(localStorage.getItem('jiesu.theme') ?? 'auto');
}

function dress(theme) {
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  localStorage.setItem('jiesu.theme', theme);
  const button = document.getElementById('theme');
  button.textContent = say(`theme_${theme}`);
  button.setAttribute('aria-label', `${say('theme')}：${say(`theme_${theme}`)}`);
}

function nextTheme() {
  const at = THEMES.indexOf(localStorage.getItem('jiesu.theme') ?? 'auto');
  dress(THEMES[(at + 1) % THEMES.length]);
}

function nextLanguage() {
  setLanguage(language() === 'zh' ? 'en' : 'zh');
  speak();
  show();
}

keysComeFrom(askForKey);
keysEverywhere([
  ...Object.keys(PAGES).map((page, index) => ({
    code: `Digit${index + 1}`, with: 'alt', label: `page_${page.replace('-', '_') || 'call'}`, run: () => go(`/console${page && `/${page}`}`),
  })),
  { code: 'KeyL', with: 'alt', label: 'language', run: nextLanguage },
  { code: 'KeyM', with: 'alt', label: 'theme', run: nextTheme },
  { code: 'KeyO', with: 'alt', label: 'sign_out', run: signOut },
  { code: 'KeyZ', with: 'alt', label: 'lock', run: lock },
  { code: 'KeyH', with: 'alt', label: 'keys', run: showKeys },
]);

document.addEventListener('click', (event) => {
  const link = event.target.closest('a[href^="/console"]');
  if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  go(link.getAttribute('href'));
});
window.addEventListener('popstate', show);
document.getElementById('language').addEventListener('click', nextLanguage);
document.getElementById('theme').addEventListener('click', nextTheme);
document.getElementById('help').addEventListener('click', showKeys);
watch((state) => {
  const live = document.getElementById('live');
  live.dataset.state = state;
  live.textContent = say(`live_${state}`);
});

async function begin() {
  speak();
  listenToKeys();
  countDown();
  await openSession();
  // Nothing is asked for, let alone shown, while the page is locked.
  await unlocked();
  listen(() => {});
  await openDraft();
  await show();
}

begin();
