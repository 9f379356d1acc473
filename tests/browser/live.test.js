'use strict';
// What scripts add: one cursor over all charts, values at it, zoom, the keyboard. What they do not
// add: the toggles, which work without.
const assert = require('node:assert/strict');
const {after, before, test} = require('node:test');
const {isLive, launch, open, readReport} = require('./support.js');

const skip = isLive('small') ? false : 'this build has no chart library: charts are static';
let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

test('a toggle hides a class in every chart, without a script', async () => {
  const {context, page} = await open(browser, 'hostile', {script: false});
  const lines = page.locator('#time .static .line.s0');
  assert.equal(await lines.count(), 3);
  for (const line of await lines.all()) assert.ok(await line.isVisible());
  await page.locator('input[data-slot="s0"]').uncheck();
  for (const line of await lines.all()) assert.ok(!await line.isVisible());
  assert.ok(await page.locator('#time .static .line.s1').first().isVisible());
  await page.locator('input[data-slot="s0"]').check();
  assert.ok(await lines.first().isVisible());
  await context.close();
});

/** Pixels of a canvas that are not see-through: what the lines take. */
function inkOf(page) {
  return page.evaluate(() => Array.from(document.querySelectorAll('.live'), (box) =>
    Array.from(box.querySelectorAll('canvas')).reduce((sum, canvas) => {
      const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      for (let i = 3; i < data.length; i += 4) if (data[i] > 100) ++sum;
      return sum;
    }, 0)));
}

test('a toggle takes a class out of the live charts', {skip}, async () => {
  const {context, page, log} = await open(browser, 'hostile');
  const before = await inkOf(page);
  await page.locator('input[data-slot="s0"]').uncheck();
  const after = await inkOf(page);
  assert.ok(after[0] < before[0], `${after[0]} of ${before[0]} pixels`);
  assert.deepEqual(log.problems, []);
  await context.close();
});

test('one cursor goes over all charts and the table reads the moment', {skip}, async () => {
  const report = readReport('small');
  const {context, page, log} = await open(browser, 'small');
  const still = await page.locator('[data-live="demand"]').innerText();
  await page.locator('.live').nth(1).scrollIntoViewIfNeeded();
  await page.locator('.live').first().scrollIntoViewIfNeeded();
  const box = await page.locator('.live').first().boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const cursors = page.locator('.live .cursor');
  assert.equal(await cursors.count(), 3);
  const places = [];
  for (const cursor of await cursors.all()) {
    assert.ok(await cursor.isVisible());
    places.push((await cursor.boundingBox()).x);
  }
  assert.ok(Math.max(...places) - Math.min(...places) < 3, places.join(' '));
  const at = await page.locator('[data-moment]').innerText();
  const second = (Date.parse(at.replace('At ', '').replace(' UTC', 'Z').replace(' ', 'T')) -
    Date.parse(report.method.start_utc)) / 1000;
  const bin = Math.floor(second / report.timeline.step_s);
  const rate = report.timeline.arrivals[bin] / report.timeline.step_s;
  const read = await page.locator('[data-live="demand"]').innerText();
  assert.ok(Math.abs(parseFloat(read) - rate) <= 0.006 * rate, `${read} for ${rate} at ${at}`);
  await page.mouse.move(5, 5);
  await page.waitForFunction((text) =>
    document.querySelector('[data-live="demand"]').textContent === text, still);
  assert.deepEqual(log.problems, []);
  await context.close();
});

test('the keyboard moves the cursor, zooms and is read out', {skip}, async () => {
  const {context, page, log} = await open(browser, 'small');
  await page.locator('.live').nth(1).focus();
  await page.keyboard.press('Home');
  const first = await page.locator('[data-moment]').innerText();
  for (let i = 0; i < 5; ++i) await page.keyboard.press('ArrowRight');
  const later = await page.locator('[data-moment]').innerText();
  assert.notEqual(later, first);
  assert.match(await page.locator('[data-spoken]').textContent(), /Demand .*Queue delay.*Backlog/);
  const labels = () => page.locator('.live').nth(1).locator('.dygraph-axis-label-x')
    .allInnerTexts();
  const whole = await labels();
  await page.keyboard.press('+');
  assert.notDeepEqual(await labels(), whole);
  await page.keyboard.press('0');
  assert.deepEqual(await labels(), whole);
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('[data-moment]').innerText(), 'Largest values');
  assert.deepEqual(log.problems, []);
  await context.close();
});

test('dragging over one chart zooms all of its report', {skip}, async () => {
  const {context, page, log} = await open(browser, 'small');
  const labels = async () => Promise.all((await page.locator('.live').all()).map((chart) =>
    chart.locator('.dygraph-axis-label-x').allInnerTexts()));
  const whole = await labels();
  await page.locator('.live').nth(1).scrollIntoViewIfNeeded();
  await page.locator('.live').first().scrollIntoViewIfNeeded();
  const box = await page.locator('.live').first().boundingBox();
  await page.mouse.move(box.x + box.width * 0.4, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 62, {steps: 8});
  await page.mouse.up();
  const zoomed = await labels();
  for (const [i, one] of zoomed.entries()) assert.notDeepEqual(one, whole[i], `chart ${i}`);
  await page.mouse.dblclick(box.x + box.width * 0.5, box.y + 60);
  await page.waitForTimeout(300);
  assert.deepEqual(await labels(), whole);
  assert.deepEqual(log.problems, []);
  await context.close();
});
