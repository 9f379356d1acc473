'use strict';
// The page as it meets people: with and without scripts, on a phone and on a desk, light and dark.
const assert = require('node:assert/strict');
const path = require('node:path');
const {after, before, test} = require('node:test');
const {artifacts, desktop, isLive, launch, open, phone} = require('./support.js');

const pages = ['small', 'plan', 'spike', 'two', 'hostile'];
let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

// What the page must name whatever the browser can do; a report of one kind lacks some.
const sections = {
  small: ['targets', 'time', 'utilisation', 'ends', 'times', 'basis', 'provenance'],
  plan: ['fleet', 'targets', 'curve', 'worlds', 'tornado', 'nothing', 'time', 'basis', 'provenance'],
};

for (const name of pages) {
  for (const script of [true, false]) {
    for (const [width, viewport] of Object.entries({phone, desktop})) {
      for (const dark of [false, true]) {
        const how = `${name}-${script ? 'script' : 'noscript'}-${width}-${dark ? 'dark' : 'light'}`;
        test(`${how} renders without a complaint and asks for nothing`, async () => {
          const {context, page, log} = await open(browser, name, {script, viewport, dark});
          for (const id of sections[name] || sections.small) {
            assert.ok(await page.locator(`#${id} h2`).isVisible(), `section ${id}`);
          }
          const drawn = page.locator(script && isLive(name) ? '.live canvas' : '.static svg.chart');
          assert.ok(await drawn.count() >= 3, 'three charts over time');
          for (const chart of await drawn.all()) assert.ok(await chart.isVisible());
          const wide = await page.evaluate(() => document.documentElement.scrollWidth);
          assert.ok(wide <= viewport.width, `the page is ${wide} px wide on ${viewport.width}`);
          await page.screenshot({path: path.join(artifacts, how + '.png'), fullPage: true});
          assert.deepEqual(log.problems, []);
          assert.deepEqual(log.requests, []);
          await context.close();
        });
      }
    }
  }
}

test('dark mode turns the page dark and keeps its charts readable', async () => {
  const {context, page} = await open(browser, 'small', {dark: true});
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\d.]+/g).map(Number);
    return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
  };
  const colours = await page.evaluate(() => {
    const body = getComputedStyle(document.body);
    const label = document.querySelector('.dygraph-axis-label, .chart text');
    return {paper: body.backgroundColor, ink: body.color,
      label: getComputedStyle(label)[label.matches('text') ? 'fill' : 'color']};
  });
  assert.ok(light(colours.paper) < 0.2);
  assert.ok(light(colours.ink) > 0.8);
  assert.ok(light(colours.label) > 0.5);
  await context.close();
});
