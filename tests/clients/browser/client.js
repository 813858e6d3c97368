'use strict';
// Looks at the flow page as a person does, with the browser of this machine, and prints what it saw as JSON.
//
// Arguments: what to do, the address of the pages, where to put pictures, the address of OTLP over HTTP.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
// The packages are installed into a folder of their own, which is the working directory.
const load = (name) => require(require.resolve(name, { paths: [path.resolve('node_modules'), process.cwd()] }));

const { chromium } = load('playwright-core');

const BROWSER = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'];

const LOOKS = {
  light: { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: 'light' },
  'phone-dark': { viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
};

const [, , what, pages, pictures, otlp] = process.argv;

const span = (name) => ({
  resourceSpans: [{
    resource: { attributes: [{ key: 'service.name', value: { stringValue: 'cart' } }] },
    scopeSpans: [{
      scope: { name: 'http' },
      spans: [{
        name, kind: 2, traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b174',
        startTimeUnixNano: '1700000000000000000', endTimeUnixNano: '1700000000012000000',
        attributes: [{ key: 'http.request.method', value: { stringValue: 'GET' } }],
      }, {
        // Of a kind that is not known yet.
        name: 'what comes', kind: 9, traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b175',
      }],
    }],
  }],
});

// Sends spans until it is told to stop; a refusal is part of some stories.
const send = (name) => {
  const timer = setInterval(() => {
    fetch(`http://${otlp}/v1/traces`, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(span(name)),
    }).catch(() => {});
  }, 50);
  return () => clearInterval(timer);
};

const open = async (context, seen) => {
  const page = await context.newPage();
  page.on('console', (message) => {
    // The browser itself notes a refusal that the story asks for.
    const isAsked = message.location().url.includes('/debug/tapz?') && message.text().includes('400');
    if (['error', 'warning'].includes(message.type()) && !isAsked) seen.complaints.push(message.text());
  });
  page.on('pageerror', (error) => seen.complaints.push(String(error)));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.host !== pages) seen.strangers.push(request.url());
  });
  await page.goto(`http://${pages}/debug/flowz`);
  await page.waitForSelector('.pulse.live');
  return page;
};

// Waits until the page says so; what it said instead is in the error.
const until = async (page, selector, text) => {
  try {
    await page.waitForFunction(([found, wanted]) => [...document.querySelectorAll(found)].some((element) => element.textContent.includes(wanted)), [selector, text], { timeout: 20000 });
  } catch {
    throw new Error(`no ${selector} says "${text}": ${await page.locator('main').innerText()}`);
  }
};

const look = async (page, name, seen) => {
  for (const [view, { viewport, colorScheme }] of Object.entries(LOOKS)) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    // Two frames: one in which lanes notice their new width, one in which they are drawn.
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) seen.sideways.push(`${name}-${view}: ${wide} pixels`);
    await page.screenshot({ path: path.join(pictures, `${name}-${view}.png`), fullPage: view.startsWith('phone') && name !== 'tap' });
  }
  await page.setViewportSize(LOOKS.light.viewport);
  await page.emulateMedia({ colorScheme: 'light' });
};

const STORIES = {
  // Nothing yet, then the first span; a tap on an edge shows the next ones, with a filter and without.
  async flowing(page, seen) {
    await page.waitForSelector('#empty:not([hidden])');
    seen.headlines = [await page.locator('#headline').innerText()];
    await look(page, 'empty', seen);
    const stop = send('GET /cart');
    await until(page, '.state.good', 'Flowing');
    await until(page, '#empty-title', 'The first item is here');
    seen.headlines.push(await page.locator('#headline').innerText());
    await page.waitForFunction(() => document.querySelector('.pill[data-edge="receiver/otlp/traces"]').textContent.match(/^[1-9]/));
    seen.label = await page.locator('.pill[data-edge="receiver/otlp/traces"]').getAttribute('aria-label');
    await page.locator('.books summary').first().click();
    await until(page, '.books tbody th', 'receiver otlp');
    await look(page, 'flowing', seen);

    await page.locator('.pill[data-edge="receiver/otlp/traces"]').first().focus();
    await page.keyboard.press('Enter');
    await until(page, '#tap-items b', 'GET /cart');
    await until(page, '#tap-items b', 'what comes');
    seen.item = await page.locator('#tap-items summary', { hasText: 'GET /cart' }).first().innerText();
    await page.locator('#tap-items summary').last().click();
    await until(page, '#tap-items pre', '"service.name"');
    await look(page, 'tap', seen);
    await page.locator('#tap-form button').click();
    await page.locator('#tap-filter').fill('service.name=basket');
    await page.locator('#tap-form button').click();
    await until(page, '#tap-state', 'kept back by the filter');
    seen.filtered = await page.locator('#tap-items li').count();
    await page.locator('#tap-form button').click();
    await page.locator('#tap-filter').fill('service.name=');
    await page.locator('#tap-filter').press('Enter');
    await until(page, '#tap-state', 'expected a value');
    await page.keyboard.press('Escape');
    await page.waitForSelector('#tap', { state: 'hidden' });
    seen.focus = await page.evaluate(() => document.activeElement.dataset.edge);
    stop();
    await until(page, '.state', 'Idle');
  },

  // The backend is away: what is sent waits, then is refused.
  async failing(page, seen) {
    const stop = send('GET /cart');
    await until(page, '.state.bad', 'Not delivering');
    await until(page, '.why li', 'does not deliver');
    await until(page, '.node.receiver .fact', 'refuses');
    seen.headlines = [await page.locator('#headline').innerText()];
    seen.why = await page.locator('.why li').first().innerText();
    await look(page, 'failing', seen);
    stop();
  },
};

(async () => {
  fs.mkdirSync(pictures, { recursive: true });
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrotel-browser-'));
  const seen = { complaints: [], strangers: [], sideways: [] };
  let context;
  try {
    context = await chromium.launchPersistentContext(profile, {
      executablePath: '/usr/bin/chromium', headless: true, args: BROWSER, viewport: LOOKS.light.viewport,
    });
    const page = await open(context, seen);
    await STORIES[what](page, seen);
  } finally {
    await context?.close();
    fs.rmSync(profile, { recursive: true, force: true });
  }
  process.stdout.write(JSON.stringify(seen));
  process.exit(0);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
