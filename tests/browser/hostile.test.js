'use strict';
// A scenario's names are somebody else's text. Whatever they hold, they stay text.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const {after, before, test} = require('node:test');
const {isLive, launch, open, pageFile, readReport} = require('./support.js');

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

test('the hostile scenario is hostile', () => {
  const report = JSON.stringify(readReport('hostile'));
  for (const part of ['</script>', '<svg', 'onload', '&lt;', '\\"', "'", '\u202e', 'javascript:']) {
    assert.ok(report.includes(part), part);
  }
});

for (const script of [true, false]) {
  test(`no name becomes markup (script ${script ? 'on' : 'off'})`, async () => {
    const {context, page, log} = await open(browser, 'hostile', {script});
    const found = await page.evaluate(() => ({
      scripts: Array.from(document.scripts, (s) => s.type),
      images: document.images.length,
      links: Array.from(document.querySelectorAll('a'), (a) => a.getAttribute('href')),
      handlers: Array.from(document.querySelectorAll('*'))
        .filter((e) => Array.from(e.attributes).some((a) => a.name.startsWith('on'))).length,
      frames: document.querySelectorAll('iframe,object,embed,base,form').length,
      hit: window.headroomHit === undefined,
      foreign: Array.from(document.querySelectorAll('svg svg, svg'))
        .filter((svg) => svg.hasAttribute('onload')).length,
    }));
    assert.deepEqual(found.scripts, isLive('hostile') ? ['application/json', '', ''] : []);
    assert.equal(found.images, 0);
    assert.ok(found.links.every((href) => href.startsWith('#')), found.links.join(' '));
    assert.equal(found.handlers, 0);
    assert.equal(found.frames, 0);
    assert.equal(found.foreign, 0);
    assert.ok(found.hit);
    assert.deepEqual(log.problems, []);
    assert.deepEqual(log.requests, []);
    await context.close();
  });
}

test('names are shown as they are written', async () => {
  const report = readReport('hostile');
  const {context, page} = await open(browser, 'hostile');
  const shown = await page.evaluate(() => document.body.textContent);
  for (const name of Object.keys(report.requests.by_class)) {
    assert.ok(shown.includes(name.replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')),
      name);
  }
  assert.ok(!shown.includes('\u202e'), 'no mark turns the direction of the text');
  await context.close();
});

test('the policy allows the page its own scripts and nothing else', async () => {
  const {context, page, log} = await open(browser, 'small');
  const policy = await page.locator('meta[http-equiv="Content-Security-Policy"]')
    .getAttribute('content');
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe|https?:|\*/);
  // What an injected script or request would meet.
  const outcome = await page.evaluate(async () => {
    const script = document.createElement('script');
    script.textContent = 'window.headroomHit = true';
    document.body.appendChild(script);
    let fetched = false;
    try { await fetch('http://127.0.0.1:9/'); fetched = true; } catch (error) { fetched = false; }
    return {ran: window.headroomHit === true, fetched};
  });
  assert.deepEqual(outcome, {ran: false, fetched: false});
  assert.ok(log.problems.some((text) => text.includes('Content Security Policy')));
  await context.close();
});

test('the file names no other host than the licence of its chart library', () => {
  const page = fs.readFileSync(pageFile('small'), 'utf8');
  const hosts = [...page.matchAll(/https?:\/\/([a-z0-9.-]+)/gi)].map((match) => match[1]);
  const allowed = ['github.com', 'www.w3.org', 'dygraphs.com'];
  assert.deepEqual([...new Set(hosts)].filter((host) => !allowed.includes(host)), []);
  assert.ok(!page.includes('sourceMappingURL'));
});
