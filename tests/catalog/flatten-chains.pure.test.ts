import { expect, it } from 'vitest';
import { flattenChains } from '../../src/catalog/flatten-chains.ts';

it.each([
  ['(((a) OR (b)) OR (c))', '((a) OR (b) OR (c))'],
  ['((a) OR ((b) OR (c)))', '((a) OR (b) OR (c))'],
  ['((((x AND y) AND z)) OR w)', '(((x AND y AND z)) OR w)'],
])('takes %s for %s', (nested, flat) => {
  expect(flattenChains(nested)).toBe(flat);
});

it.each([
  '((a OR b) AND c)',
  '(a OR (b AND c))',
  '((NOT (a OR b)) OR c)',
  '(f(a OR b) OR c)',
  "((a = '((x OR y) OR z)'::text) OR b)",
  '(("a (OR b" OR c) = d)',
  "FOREIGN KEY (a, b) REFERENCES c(d) -- ' (",
])('leaves %s', (text) => {
  expect(flattenChains(text)).toBe(text);
});
