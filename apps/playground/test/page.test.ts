/** The page in the Chromium that is installed: what it shows, what it catches, and whom it can be used by. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BEHAVIOURS } from '../src/behaviours.ts';
import { choose, chromiumPath, done, picture, type Stage, stage, staticSite, violations } from './page.ts';
import { offersOf, scene } from './support.ts';

const program = chromiumPath();
if (program === undefined) console.log('skipped: no Chromium is installed');

const OFFERS = { both: 'Both', '1.3': 'TLS 1.3', '1.2': 'TLS 1.2' } as const;

const textOf = (page: Page, selector: string): Promise<string> => page.locator(selector).innerText();

describe.skipIf(program === undefined)('the page', () => {
  let here: Stage;
  beforeAll(async () => {
    here = await stage(program as string);
  });
  afterAll(() => here?.close());

  it('connects, and shows messages, fields with their bytes, secrets, the chain and the answer', async () => {
    const page = await here.open({ viewport: { width: 1200, height: 900 } });
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await done(page);
    expect(await textOf(page, '#verdict')).toContain('localhost is verified');
    expect(await page.locator('#live').textContent()).toContain('localhost is verified');
    const names = await page.locator('.item .name').allInnerTexts();
    expect(names.slice(0, 9)).toEqual([
      'ClientHello',
      'ServerHello',
      'ChangeCipherSpec',
      'EncryptedExtensions',
      'Certificate',
      'CertificateVerify',
      'Finished',
      'ChangeCipherSpec',
      'Finished',
    ]);
    expect(await page.locator('.item.sealed').count()).toBe(0);
    expect(await textOf(page, '#facts')).toMatch(/TLS 1\.3[^]*TLS_AES_128_GCM_SHA256[^]*http\/1\.1[^]*WebCrypto/);
    expect(await page.locator('.secrets li').count()).toBe(5);
    expect(await textOf(page, '#secrets')).toMatch(
      /Encrypts the data that the client sends\.[^]*Key [0-9a-f]{32} IV [0-9a-f]{24}/,
    );
    expect(await page.locator('#chain .check.passed').count()).toBe(11);
    expect(await page.locator('#chain .check:not(.passed)').count()).toBe(0);
    expect(await textOf(page, '#answer')).toMatch(
      /^Answer to GET \/\s+Whole:[^]*HTTP\/1\.1 200 OK[^]*could not read\./,
    );

    // A field by the mouse: its bytes, its section
    await page.locator('details.item', { hasText: 'ClientHello' }).locator('summary').click();
    await page.locator('[role=treeitem]:has(> .leaf code:text-is("server_name"))').first().hover();
    expect(await textOf(page, '.about')).toMatch(/^server_name bytes \d+ to \d+ · RFC 6066 § 3\s+localhost$/);
    expect(await page.locator('.about a').getAttribute('href')).toBe(
      'https://www.rfc-editor.org/rfc/rfc6066#section-3',
    );
    const marked = (await page.locator('.hex .marked').allInnerTexts()).join('');
    expect(marked).toBe(`0000000e000c000009${Buffer.from('localhost').toString('hex')}`);
    expect(await violations(page)).toEqual([]);
    await picture(page, 'desktop');
    await page.close();
  });

  it('can be used by the keyboard alone', async () => {
    const page = await here.open();
    await page.locator('#target').focus();
    await page.keyboard.press('Enter');
    await done(page);
    const first = page.locator('details.item > summary').first();
    await first.focus();
    await page.keyboard.press('Enter');
    await page.locator('.fields [role=treeitem]').first().waitFor();
    // One stop of Tab in the tree, arrows inside; the first field, then its neighbour
    await page.keyboard.press('Tab');
    while (!(await focused(page)).startsWith('msg_type')) await page.keyboard.press('Tab');
    expect(await page.locator('.hex .marked').count()).toBe(1);
    await page.keyboard.press('ArrowDown');
    expect(await focused(page)).toMatch(/^length/);
    expect(await page.locator('.hex .marked').count()).toBe(3);
    await page.keyboard.press('End');
    const last = await focused(page);
    await page.keyboard.press('ArrowLeft');
    expect(await focused(page)).not.toBe(last);
    await page.keyboard.press('Home');
    expect(await focused(page)).toMatch(/^msg_type/);
    await page.close();
  });

  it('fits a phone, in the dark, and says of an expired certificate which check failed', async () => {
    const page = await here.open({
      viewport: { width: 390, height: 844 },
      colorScheme: 'dark',
      reducedMotion: 'reduce',
    });
    await page.selectOption('#behaviour', 'expired');
    await choose(page, 'noble');
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await done(page);
    expect(await textOf(page, '#verdict')).toMatch(
      /Caught: expired certificate[^]*CERT_EXPIRED[^]*Each certificate is valid now\. RFC 5280 § 6\.1\.3[^]*certificate_expired \(45\), sent by this page/,
    );
    const failed = page.locator('#chain .check.failed');
    expect(await failed.count()).toBe(1);
    expect(await failed.innerText()).toMatch(/Valid today[^]*CERT_EXPIRED/);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(12, 17, 24)');
    await page.locator('details.item', { hasText: 'ServerHello' }).locator('summary').click();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    expect(await violations(page)).toEqual([]);
    await picture(page, 'phone-dark');
    await choose(page, 'Light');
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(244, 246, 250)');
    expect(await violations(page)).toEqual([]);
    await page.close();
  });

  it('catches each hostile behaviour', async () => {
    const page = await here.open();
    await choose(page, 'tuned');
    await page.getByRole('button', { name: 'Try every hostile behaviour' }).click();
    await done(page);
    expect(await textOf(page, '#trials')).toContain(`${BEHAVIOURS.length} of ${BEHAVIOURS.length} caught.`);
    const codes = await page.locator('#trials tbody td:first-of-type code').allTextContents();
    expect(codes).toEqual(BEHAVIOURS.map(({ code }) => code));
    expect(await page.locator('#trials tbody a').count()).toBe(BEHAVIOURS.length);
    expect(await violations(page)).toEqual([]);
    await picture(page, 'every-behaviour');
    await page.close();
  });

  /** Each by itself, with each offer: where there is time for it. */
  const each = process.env['FERRULE_LONG'] === undefined ? [] : BEHAVIOURS;
  it.each(each.flatMap((behaviour) => offersOf(behaviour).map((offer) => ({ ...behaviour, offer }))))(
    'catches $id, offered $offer',
    async ({ id, code, offer }) => {
      const page = await here.open();
      await page.selectOption('#behaviour', id);
      await choose(page, OFFERS[offer]);
      await page.getByRole('button', { name: 'Connect', exact: true }).click();
      await done(page);
      expect(await textOf(page, '#verdict')).toMatch(new RegExp(`^✓\\s*Caught[^]*${code}[^]*RFC \\d+ §`));
      await page.close();
    },
  );

  it('shows the record that was altered as one that the keys do not open', async () => {
    const page = await here.open();
    await page.selectOption('#behaviour', 'altered-record');
    await choose(page, 'TLS 1.2');
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await done(page);
    expect(await textOf(page, '#verdict')).toMatch(/Caught: altered record[^]*BAD_RECORD_MAC[^]*RFC 5246 § 6\.2\.3\.3/);
    expect(await page.locator('.item.sealed .name').allInnerTexts()).toEqual(['encrypted record']);
    expect(await textOf(page, '#answer')).toContain('not the whole answer');
    await picture(page, 'altered-record');
    await page.close();
  });

  it('works as static files, from any folder of any host, with a relay and a root of the person', async () => {
    const there = await scene();
    const site = await staticSite();
    const query = new URLSearchParams({ relay: there.relay, target: there.target });
    const page = await here.open({ url: `${site.url}some/folder/?${query}` });
    expect(await page.locator('#behaviour-entry').isVisible()).toBe(false);
    await page.getByText('Relay and trusted roots').click();
    await page.fill('#ca', there.ca);
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await done(page);
    expect(await textOf(page, '#verdict')).toContain('localhost is verified');
    await page.close();
    await site.close();
    await there.close();
  });

  it('tells beside the form what is wrong with an entry, and refuses what the relay does not allow', async () => {
    const page = await here.open({ url: `${here.url}?target=nobody.example:443` });
    const go = page.getByRole('button', { name: 'Connect', exact: true });
    expect(await page.locator('#behaviour-entry').isVisible()).toBe(false);
    await go.click();
    await done(page);
    expect(await textOf(page, '#verdict')).toMatch(/No connection to nobody\.example[^]*PROXY_REFUSED/);
    await page.fill('#target', 'not a host');
    await go.click();
    expect(await textOf(page, '#problem')).toContain('“not a host” is not a host');
    expect(await page.locator('#target').getAttribute('aria-invalid')).toBe('true');
    await page.fill('#target', 'localhost');
    await page.evaluate(`document.querySelector('#relay').value = 'http://x/'`);
    await go.click();
    expect(await textOf(page, '#problem')).toContain('ws://');
    expect(await page.locator('#relay').isVisible()).toBe(true);
    expect(await violations(page)).toEqual([]);
    await page.close();
  });
});

/** The text of what has the focus. */
const focused = (page: Page): Promise<string> => page.evaluate<string>('document.activeElement.innerText');
