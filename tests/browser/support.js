'use strict';
// What all browser tests share: a browser, pages that keep record of what they ask for and complain
// about, and the reports that the shell script `run` has written.
const fs = require('node:fs');
const path = require('node:path');
const {pathToFileURL} = require('node:url');
const {chromium} = require('playwright-core');

const reports = process.env.HEADROOM_REPORTS;        // DIR: NAME.json and NAME.html
const artifacts = process.env.HEADROOM_ARTIFACTS;    // DIR: pictures and papers are kept here
const executablePath = process.env.HEADROOM_CHROMIUM;

const phone = {width: 390, height: 844};
const desktop = {width: 1280, height: 900};

function launch() {
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/** The JSON of reports NAME, or of each of NAMES. */
function readReport(name) {
  return JSON.parse(fs.readFileSync(path.join(reports, name + '.json'), 'utf8'));
}

function pageFile(name) {
  return path.join(reports, name + '.html');
}

/**
 * Opens a page. `log.problems`: whatever the console or an uncaught error said; `log.requests`: what
 * was asked for beside the page itself.
 */
async function open(browser, name, {script = true, viewport = desktop, dark = false} = {}) {
  const context = await browser.newContext({
    javaScriptEnabled: script, viewport, colorScheme: dark ? 'dark' : 'light', locale: 'en-US',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(120e3);  // a busy machine is no fault of the page
  const log = {problems: [], requests: []};
  const url = pathToFileURL(pageFile(name)).href;
  page.on('console', (message) => {
    if (message.text().includes('willReadFrequently')) return;  // of the tests' own look at pixels
    if (['error', 'warning'].includes(message.type())) log.problems.push(message.text());
  });
  page.on('pageerror', (error) => log.problems.push(String(error)));
  page.on('request', (request) => {
    if (request.url() !== url && !request.url().startsWith('data:')) log.requests.push(request.url());
  });
  await page.goto(url);
  return {context, page, log};
}

/** Is the chart library part of this build's pages? */
function isLive(name) {
  return fs.readFileSync(pageFile(name), 'utf8').includes('id="chart-data"');
}

module.exports = {artifacts, desktop, isLive, launch, open, pageFile, phone, readReport, reports};
