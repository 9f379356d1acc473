'use strict';
// Can everybody read it? Axe finds nothing serious; headings and focus are in order.
const assert = require('node:assert/strict');
const {source} = require('axe-core');
const {after, before, test} = require('node:test');
const {launch, open, phone} = require('./support.js');

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

for (const name of ['small', 'plan', 'spike', 'two', 'hostile']) {
  for (const how of [{}, {dark: true}, {viewport: phone}]) {
    test(`${name} ${JSON.stringify(how)}: axe finds no serious violation`, async () => {
      const {context, page} = await open(browser, name, how);
      for (const details of await page.locator('details').all()) {
        await details.evaluate((element) => { element.open = true; });
      }
      await page.evaluate(source);
      const {violations} = await page.evaluate(() => window.axe.run());
      const serious = violations.filter((one) => ['serious', 'critical'].includes(one.impact));
      assert.deepEqual(serious.map((one) =>
        `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')}`), []);
      await context.close();
    });
  }
}

test('headings go down one level at a time and one of them is the first', async () => {
  const {context, page} = await open(browser, 'spike');
  const levels = await page.evaluate(() =>
    Array.from(document.querySelectorAll('h1,h2,h3,h4'), (h) => Number(h.tagName[1])));
  assert.equal(levels.filter((level) => level === 1).length, 1);
  assert.equal(levels[0], 1);
  for (let i = 1; i < levels.length; ++i) assert.ok(levels[i] - levels[i - 1] <= 1, `heading ${i}`);
  await context.close();
});

test('the tab key goes down the page and what has the focus shows it', async () => {
  const {context, page} = await open(browser, 'small');
  let last = -1;
  let stops = 0;
  for (let i = 0; i < 60; ++i) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === document.body) return null;
      return {top: element.getBoundingClientRect().top + window.scrollY,
        outline: getComputedStyle(element).outlineStyle};
    });
    if (stop === null) break;
    ++stops;
    assert.notEqual(stop.outline, 'none');
    assert.ok(stop.top >= last - 40, `stop ${i} goes up from ${last} to ${stop.top}`);
    last = stop.top;
  }
  assert.ok(stops > 10, `${stops} stops`);
  await context.close();
});
