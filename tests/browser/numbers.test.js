'use strict';
// Every number that the page takes from the report says where from; each must be the report's own.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const {after, before, test} = require('node:test');
const {launch, open, pageFile, readReport} = require('./support.js');

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

const turns = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function lookUp(report, pointer) {
  return pointer.split('/').slice(1).reduce((value, key) => {
    if (value === undefined || value === null) return undefined;
    const name = key.replace(/~1/g, '/').replace(/~0/g, '~');
    // Marks that turn the direction of writing are shown, and written, as U+FFFD.
    return value[Object.keys(value).find((one) => one.replace(turns, '\ufffd') === name)];
  }, report);
}

/** What a person reads in "2h 05m", "97.3 %", "9,900", "48 ms", "0.72 s", back as a number. */
function read(text) {
  const scale = {ns: 1e-9, us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600, d: 86400};
  const parts = [...text.matchAll(/([\d.,]+) ?(ns|us|ms|s|m|h|d)\b/g)];
  const number = (digits) => Number(digits.replace(/,/g, ''));
  if (parts.length > 0) {
    return parts.reduce((sum, part) => sum + number(part[1]) * scale[part[2]], 0);
  }
  const value = number(text.match(/-?[\d.,]+/)[0]);
  return text.includes('%') ? value / 100 : value;
}

async function numbersOf(page) {
  return page.evaluate(() => Array.from(document.querySelectorAll('[data-path]'), (element) => ({
    // A row of a table names what the pointers in it have in common.
    pointer: element.dataset.path.startsWith('/') ? element.dataset.path :
      element.closest('[data-base]').dataset.base + '/' + element.dataset.path,
    value: element.getAttribute('value'),
    text: element.textContent,
    report: element.closest('[data-report]') ? element.closest('[data-report]').dataset.report : '0',
  })));
}

async function compare(name, sources) {
  const {context, page} = await open(browser, name, {script: false});
  const numbers = await numbersOf(page);
  await context.close();
  assert.ok(numbers.length > 40, `only ${numbers.length} numbers on ${name}`);
  for (const number of numbers) {
    const expected = lookUp(sources[Number(number.report)], number.pointer);
    if (number.value === null) {
      assert.ok(expected === null || expected === undefined, `${number.pointer} is ${expected}`);
      assert.doesNotMatch(number.text, /\d/, `${number.pointer} has no number`);
      continue;
    }
    assert.equal(Number(number.value), expected, number.pointer);
    // Three significant digits, or a whole number of the smaller of two units.
    const tolerance = Math.max(Math.abs(expected) * 0.0051, 0.51e-9);
    const coarse = /\dd/.test(number.text) ? 1801 : /\dh/.test(number.text) ? 31 :
      /\dm \d/.test(number.text) ? 0.51 : /^[\d,]+$/.test(number.text) ? 0.51 : 0;
    assert.ok(Math.abs(read(number.text) - expected) <= Math.max(tolerance, coarse),
      `${number.pointer}: "${number.text}" for ${expected}`);
  }
}

for (const name of ['small', 'plan', 'spike', 'hostile']) {
  test(`every number on the page of ${name} is the report's`, async () => {
    await compare(name, [readReport(name)]);
  });
}

test('side by side, each number is of the report in whose column it stands', async () => {
  await compare('two', [readReport('small'), readReport('small-34')]);
});

test('verdicts, headline and end states stand on the page as in the report', async () => {
  const report = readReport('small');
  const {context, page} = await open(browser, 'small', {script: false});
  assert.ok((await page.locator('.headline').innerText()).includes(report.answer.headline));
  const rows = page.locator('table.targets tbody tr');
  assert.equal(await rows.count(), report.targets.length);
  for (let i = 0; i < report.targets.length; ++i) {
    const row = await rows.nth(i).innerText();
    assert.ok(row.includes(report.targets[i].id));
    assert.ok(row.includes(report.targets[i].pass ? 'PASS' : 'FAIL'));
  }
  for (const state of ['finished', 'rejected', 'abandoned', 'failed', 'unfinished']) {
    const cell = `#ends [data-base="/requests/by_class/image"] [data-path="${state}"]`;
    assert.ok(await page.locator(cell).isVisible(), state);
  }
  await context.close();
});

test('the curve marks the answer and has a row for every fleet tried', async () => {
  const report = readReport('plan');
  const answer = report.curve.find((row) => row.role === 'answer');
  const {context, page} = await open(browser, 'plan', {script: false});
  const rows = page.locator('#curve table.tried').first().locator('tbody tr');
  assert.equal(await rows.count(), report.curve.length);
  assert.equal(await page.locator('#curve .answer-label').first().textContent(),
    `${answer.gpus} GPUs`);
  const marked = page.locator('#curve table.tried tr', {hasText: 'the answer'});
  assert.equal(await marked.locator('[data-path="gpus"]').textContent(), String(answer.gpus));
  // A disc for each fleet that holds, a cross for each that does not.
  const figure = page.locator('#curve figure').first();
  assert.equal(await figure.locator('circle.dot').count(),
    report.curve.filter((row) => row.pass).length);
  assert.equal(await figure.locator('text.cross').count(),
    report.curve.filter((row) => !row.pass).length);
  await context.close();
});

test('worlds and the tornado stand on the page as in the report', async () => {
  const report = readReport('plan');
  const {context, page} = await open(browser, 'plan', {script: false});
  assert.ok((await page.locator('#worlds').innerText()).includes(report.worlds.headline));
  assert.equal(await page.locator('#worlds table.worlds-table tbody tr').count(),
    report.worlds.curve.length);
  const rows = page.locator('#tornado table.tornado-table tbody tr');
  assert.equal(await rows.count(), report.tornado.rows.length);
  const names = await page.locator('#tornado svg .tornado-name').allTextContents();
  assert.deepEqual(names, report.tornado.rows.map((row) => row.input));
  // Bars: the widest first, each as wide as its share of the widest.
  const widths = [];
  for (const [i, row] of report.tornado.rows.entries()) {
    const bars = await page.locator('#tornado svg rect').all();
    const pair = bars.slice(2 * i, 2 * i + 2);
    let width = 0;
    for (const bar of pair) width += parseFloat(await bar.getAttribute('width'));
    widths.push(width);
    const ends = [row.low.gpus, row.high.gpus, report.tornado.stated_gpus];
    assert.equal(row.swing_gpus, Math.max(...ends) - Math.min(...ends));
  }
  const straddle = report.tornado.rows.map((row) =>
    (row.low.more_gpus <= 0) === (row.high.more_gpus >= 0));
  for (const [i, row] of report.tornado.rows.entries()) {
    if (!straddle[i] || !straddle[0]) continue;
    const share = row.swing_gpus / report.tornado.rows[0].swing_gpus;
    assert.ok(Math.abs(widths[i] - share * widths[0]) < 0.1, `${row.input}: ${widths[i]}`);
  }
  assert.equal(await page.locator('#tornado svg .answer-label').textContent(),
    `${report.tornado.stated_gpus} GPUs`);
  await context.close();
});

test('the heat map shows the mean share of each stretch of time', async () => {
  const report = readReport('small');
  const {context, page} = await open(browser, 'small', {script: false});
  const shown = await page.locator('table.heat tbody tr').first().locator('td').allInnerTexts();
  const step = report.timeline.step_s;
  const share = report.timeline.by_pool.a100.busy_share;
  const width = 120;  // 30 minutes in at most 25 columns of a round width
  for (const [column, text] of shown.entries()) {
    const bins = share.filter((_, i) => Math.floor(i * step / width) === column);
    const mean = bins.reduce((sum, one) => sum + one, 0) / bins.length;
    assert.equal(text, (100 * mean).toFixed(0), `column ${column}`);
  }
  assert.equal(shown.length, report.method.horizon_s / width);
  await context.close();
});

test('two days fit in a file that people can mail', () => {
  const report = readReport('spike');
  assert.equal(report.method.duration_s, 48 * 3600);
  const bytes = fs.statSync(pageFile('spike')).size;
  assert.ok(bytes < 400e3, `${bytes} bytes`);
});
