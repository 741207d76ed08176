import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createColors } from 'picocolors';
import { drawing } from '../scripts/drawing.ts';

const docs = new URL('../../../docs/', import.meta.url);
const images = readdirSync(new URL('images/', docs));

describe('the screenshots', () => {
  it.each(images)(
    '%s is small, tells nothing of the machine that it was made on, and is shown in the manual',
    (name) => {
      const svg = readFileSync(new URL(`images/${name}`, docs), 'utf8');
      expect(svg.length).toBeLessThan(60_000);
      expect(svg).not.toMatch(/\/(tmp|root|home|work|usr)\b|ferrule-screenshots/);
      expect(svg).toMatch(/aria-label="ferrule /);
      expect(readFileSync(new URL('cli.md', docs), 'utf8')).toContain(`images/${name}`);
    },
  );

  it('are drawn letter by letter and colour by colour', () => {
    const c = createColors(true);
    const svg = drawing([`${c.red('✗')} ${c.bold('a <b> & "c"')}  ${c.cyan('██  ')} ${c.dim('12 B')}`], 'a "title"');
    expect(svg).toContain('aria-label="a &quot;title&quot;"');
    expect(svg).toMatch(/fill="#ff7b72">✗</);
    expect(svg).toMatch(/font-weight="bold">a &lt;b&gt; &amp; &quot;c&quot;</);
    expect(svg).toMatch(/<rect x="[\d.]+" y="20" width="15.6" height="11" fill="#56d4dd"\/>/);
    expect(svg).toMatch(/fill="#8b949e">12 B</);
  });
});
