'use strict';
// Printed, the page is a paper of A4 sheets, at most four, whatever the screen's colours are.
const assert = require('node:assert/strict');
const path = require('node:path');
const {after, before, test} = require('node:test');
const {artifacts, launch, open} = require('./support.js');

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

/** Sheets of a PDF as [width, height] in points. Chromium leaves page objects uncompressed. */
function sheetsOf(pdf) {
  const text = pdf.toString('latin1');
  return [...text.matchAll(/\/Type \/Page\b[^s][\s\S]*?\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/g)]
    .map((match) => [Number(match[1]), Number(match[2])]);
}

for (const name of ['small', 'plan', 'spike', 'two', 'hostile']) {
  for (const script of [true, false]) {
    const how = `${name}${script ? '' : '-noscript'}`;
    test(`${how} prints on at most four sheets of A4`, async () => {
      const {context, page} = await open(browser, name, {script, dark: true});
      const pdf = await page.pdf({
        preferCSSPageSize: true, printBackground: true, path: path.join(artifacts, how + '.pdf'),
      });
      const sheets = sheetsOf(pdf);
      assert.ok(sheets.length >= 1 && sheets.length <= 4, `${sheets.length} sheets`);
      for (const [width, height] of sheets) {
        assert.ok(Math.abs(width - 595.3) < 1 && Math.abs(height - 841.9) < 1, `${width} ${height}`);
      }
      await context.close();
    });
  }
}

test('on paper the drawn charts stand, not the live ones', async () => {
  const {context, page} = await open(browser, 'small', {dark: true});
  await page.emulateMedia({media: 'print'});
  for (const chart of await page.locator('.static svg.chart').all()) {
    assert.ok(await chart.isVisible());
  }
  assert.equal(await page.locator('.live:visible').count(), 0);
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor),
    'rgb(255, 255, 255)');
  await context.close();
});
