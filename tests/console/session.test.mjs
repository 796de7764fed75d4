// Signing in at an identity provider, and the lock of a page that nobody touches: a provider with a page, a token and keys
// of its own, on a real socket.

import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { launch, serve, visit } from './support.mjs';

const ISSUER = 'https://id.example/realms/city';
const coded = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
let provider;
let server;
let browser;

/** An identity provider: everybody who comes is an agent. Gives what it was asked for. */
function startProvider() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const asked = { authorize: [], token: [] };
  let challenge = '';
  const token = () => {
    const head = coded({ alg: 'EdDSA', kid: 'one', typ: 'JWT' });
    const now = Math.floor(Date.now() / 1000);
    const body = coded({ iss: ISSUER, aud: 'jiesu', sub: 'anna', iat: now, exp: now + 600, roles: ['agents'] });
    return `${head}.${body}.${sign(null, Buffer.from(`${head}.${body}`), privateKey).toString('base64url')}`;
  };
  const http = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://127.0.0.1');
    const origin = { 'Access-Control-Allow-Origin': request.headers.origin ?? '*' };
    if (url.pathname === '/keys') {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'EdDSA' }] }));
    } else if (url.pathname === '/auth') {
      asked.authorize.push(Object.fromEntries(url.searchParams));
      challenge = url.searchParams.get('code_challenge');
      const back = new URL(url.searchParams.get('redirect_uri'));
      back.search = new URLSearchParams({ code: 'once', state: url.searchParams.get('state') });
      response.writeHead(302, { Location: back.href }).end();
    } else if (url.pathname === '/token') {
      let body = '';
      for await (const part of request) body += part;
      const form = Object.fromEntries(new URLSearchParams(body));
      asked.token.push(form);
      const proven = createHash('sha256').update(form.code_verifier ?? '').digest('base64url') === challenge;
      response.writeHead(proven ? 200 : 400, { 'Content-Type': 'application/json', ...origin });
      response.end(JSON.stringify(proven ? { access_token: token(), token_type: 'Bearer' } : { error: 'invalid_grant' }));
    } else {
      response.writeHead(404).end();
    }
  });
  return new Promise((ready) => {
    http.listen(0, '127.0.0.1', () => ready({ http, asked, address: `http://127.0.0.1:${http.address().port}` }));
  });
}

before(async () => {
  provider = await startProvider();
  const settings = `
[access.oidc]
issuer = "${ISSUER}"
audience = "jiesu"
jwks = "${provider.address}/keys"
[access.oidc.roles]
agents = ["agent"]
[access.oidc.sign_in]
client_id = "console"
authorize = "${provider.address}/auth"
token = "${provider.address}/token"
`;
  [server, browser] = await Promise.all([serve({ settings }), launch()]);
});

after(async () => {
  await browser?.close();
  await server?.end();
  provider?.http.close();
});

const suggested = (page) => page.locator('#scenario').filter({ hasText: '供水' });

test('signing in at the provider, writing, and the lock after a while', async () => {
  const page = await visit(browser, `${server.address}/console/knowledge`);
  await page.getByRole('button', { name: '统一身份登录' }).click();
  await page.waitForURL(`${server.address}/console/knowledge`);
  await page.waitForFunction(() => sessionStorage.getItem('jiesu.key'));
  const [asked] = provider.asked.authorize;
  assert.equal(asked.response_type, 'code');
  assert.equal(asked.code_challenge_method, 'S256');
  assert.equal(asked.client_id, 'console');
  assert.equal(provider.asked.token[0].code, 'once');
  assert.deepEqual(await page.context().cookies(), [], 'no cookies');

  await page.keyboard.press('Alt+Digit1');
  await page.locator('#complaint').fill('小区门口自来水管爆了，水一直往外冒');
  await suggested(page).waitFor();

  // Sixteen minutes without a touch.
  await page.clock.install();
  await page.reload();
  await suggested(page).waitFor();
  await page.clock.fastForward('16:00');
  const locked = page.getByRole('dialog', { name: '已锁定' });
  await locked.waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.getItem('jiesu.key')), null);
  assert.equal(await page.locator('#complaint').count(), 0, 'nothing is shown while it is locked');
  await page.keyboard.press('Escape');
  assert.ok(await locked.isVisible(), 'the lock does not go away by itself');

  await locked.locator('input[name=key]').fill('no key of anybody');
  await page.keyboard.press('Control+Enter');
  await locked.getByRole('alert').filter({ hasNotText: '离开时间较长' }).waitFor();
  assert.equal(await page.locator('#complaint').count(), 0, 'a wrong key uncovers nothing');

  await locked.getByRole('button', { name: '统一身份登录' }).click();
  await suggested(page).waitFor();
  assert.match(await page.locator('#complaint').inputValue(), /自来水管爆了/);
  assert.deepEqual(page.faults, []);
});

test('what comes back from elsewhere signs nobody in', async () => {
  const before = provider.asked.token.length;
  const page = await visit(browser, `${server.address}/console?code=stolen&state=other`);
  await page.getByText('登录没有成功').waitFor();
  assert.equal(new URL(page.url()).search, '');
  assert.equal(provider.asked.token.length, before);
  assert.equal(await page.evaluate(() => sessionStorage.getItem('jiesu.key')), null);
});
