import type { Figure } from '../measures/figure.ts';
import type { Measure } from '../measures/measure.ts';
import type { Subject } from '../subjects/subject.ts';
import { casesOf, longestOf } from './cases.ts';
import { shortNumber } from './numbers.ts';

const width = 900;
const lineHeight = 20;
const barsFrom = 260;
const barsWidth = 480;

/** All measures as one picture: a group of bars per case, KAMI's in another colour. */
export function chartSvg(
  measures: readonly Measure[],
  figures: readonly Figure[],
  subjects: readonly Subject[],
): string {
  const parts: string[] = [];
  let y = 10;
  const next = (gap = 0): number => {
    y += lineHeight + gap;
    return y;
  };
  for (const measure of measures) {
    const own = figures.filter((figure) => figure.measure === measure.name);
    if (own.length === 0) continue;
    const better = measure.moreIsBetter ? 'more is better' : 'less is better';
    parts.push(text(20, next(10), `${measure.name}: ${measure.title} (${better})`, 'title'));
    for (const { name, rows } of casesOf(own, subjects)) {
      const most = longestOf(rows, own);
      parts.push(text(20, next(4), name, 'case'));
      for (const { subject, title, figures: each } of rows) {
        const [main] = each;
        if (main === undefined) continue;
        const at = next();
        const length = Math.max(1, (main.value / most) * barsWidth);
        const kind = subject.startsWith('kami') ? 'own' : 'other';
        parts.push(
          text(40, at, title, 'name'),
          `<rect class="${kind}" x="${barsFrom}" y="${at - 12}" width="${length.toFixed(1)}" height="14"/>`,
          text(barsFrom + length + 8, at, `${shortNumber(main.value)} ${main.unit}`, 'name'),
        );
      }
    }
  }
  const height = y + 30;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<style>
  text { font: 13px sans-serif; fill: #222 } .title { font-weight: bold; font-size: 15px } .case { font-weight: bold }
  .own { fill: #2563eb } .other { fill: #a3a3a3 } .paper { fill: #fff }
</style>
<rect class="paper" width="${width}" height="${height}"/>
${parts.join('\n')}
</svg>
`;
}

function text(x: number, y: number, content: string, kind: string): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<text class="${kind}" x="${x.toFixed(1)}" y="${y}">${escaped}</text>`;
}
