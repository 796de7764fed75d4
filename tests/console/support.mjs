// A server of its own for each file of tests, with the starter bundle, and Chromium to look at it.

import { spawn, spawnSync } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
// Found as other programs find packages: in node_modules above the project, or in NODE_PATH.
const require = createRequire(path.join(ROOT, 'package.json'));
export const axe = require.resolve('axe-core/axe.min.js');

const program = process.env.JIESU ?? path.join(ROOT, 'target/debug/jiesu');
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
/** How long the program may take to load the bundle, in ms; a busy machine takes its time. */
const MOST_START = 240000;

/** A copy of the starter bundle that a test may change. */
export async function copyOfBundle() {
  const folder = await mkdtemp(path.join(tmpdir(), 'jiesu-bundle-'));
  for (const part of ['rules', 'knowledge']) await cp(path.join(ROOT, part), path.join(folder, part), { recursive: true });
  return folder;
}

/**
 * A running server over a bundle, with a key for each of `keys` (`{name: scope}`), or with none, and with settings as they
 * stand in `jiesu.toml`. `again` keeps port and data.
 */
export async function serve({ bundle = ROOT, keys = {}, settings = '' } = {}) {
  const data = await mkdtemp(path.join(tmpdir(), 'jiesu-console-'));
  await writeFile(path.join(data, 'jiesu.toml'), settings);
  const made = Object.fromEntries(Object.entries(keys).map(([name, scope]) => {
    const ran = spawnSync(program, ['keys', 'add', name, '--scope', scope, '--data', data, '--json'], { encoding: 'utf8' });
    return [name, JSON.parse(ran.stdout).key];
  }));
  let running = await start(bundle, data, 0);
  const stop = () => new Promise((gone) => {
    running.process.once('exit', gone);
    running.process.kill('SIGTERM');
  });
  return {
    keys: made,
    get address() { return running.address; },
    stop,
    async again() { running = await start(bundle, data, new URL(running.address).port); },
    async end() {
      await stop();
      await rm(data, { recursive: true, force: true });
    },
  };
}

function start(bundle, data, port) {
  const child = spawn(program, ['serve', '--bundle', bundle, '--data', data, '--config', path.join(data, 'jiesu.toml'), '--listen', `127.0.0.1:${port}`, '--lang', 'en'], { stdio: ['ignore', 'pipe', 'pipe'] });
  return new Promise((ready, failed) => {
    let said = '';
    const timer = setTimeout(() => failed(new Error(`not ready: ${said}`)), MOST_START);
    const hear = (text) => {
      said += text;
      const address = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
      if (!address) return;
      clearTimeout(timer);
      ready({ process: child, address: address[0] });
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', () => failed(new Error(said)));
  });
}

export function launch() {
  return require('playwright-core').chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}

/** A page of its own (no cookies, nothing stored), and everything that the browser complained of. */
export async function visit(browser, address, { faults = [], key = null, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'zh-CN', ...options });
  // While one works on the pages: as they are on disk, without building the program again.
  if (process.env.JIESU_ASSETS) {
    await context.route('**/console/assets/*', (route) => route.fulfill({ path: path.join(process.env.JIESU_ASSETS, path.basename(route.request().url())) }));
  }
  if (key) await context.addInitScript((own) => sessionStorage.setItem('jiesu.key', own), key);
  const page = await context.newPage();
  watch(page, faults);
  await page.goto(address);
  return Object.assign(page, { faults });
}

export function watch(page, faults) {
  page.on('pageerror', (error) => faults.push(error.stack));
  page.on('console', (message) => {
    // A server that is away while it restarts is no fault of the page; refusals of the API are shown to people.
    if (message.type() === 'error' && !/Failed to load resource|ERR_/.test(message.text())) faults.push(message.text());
  });
}

/** Asks the API. */
export async function api(address, way, body, headers = {}) {
  const response = await fetch(address + way, body === undefined ? { headers } : {
    method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...headers },
  });
  return response.json();
}

/** Asks until it holds, for ten seconds at the most. */
export async function eventually(holds, what) {
  const until = Date.now() + 10000;
  for (;;) {
    if (await holds()) return;
    if (Date.now() > until) throw new Error(`not within ten seconds: ${what}`);
    await new Promise((resume) => { setTimeout(resume, 30); });
  }
}
