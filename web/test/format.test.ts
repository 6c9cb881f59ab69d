import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, distancePercent, divHalfEven, parseDec, plain, ratio, rescale, trimZeros } from '../src/format/decimal';
import { amount, digitsOfTick, exact, MINUS, moneyDigits, percent, price, quantity, setLocale, signed, sumIsUneven } from '../src/format/money';
import { age, countdown, parseTime } from '../src/format/time';

setLocale('en-US');

function dec(text: string) {
  const found = parseDec(text);
  assert.ok(found !== null, text);
  return found;
}

test('parse_takes_plain_decimals_only', () => {
  for (const text of ['0', '-0', '1', '-1.50', '+2.5', '64010.50000000', '10000000000000000000000.0000000000000001']) assert.ok(parseDec(text), text);
  for (const text of ['', '.5', '5.', '1e3', 'NaN', 'inf', '1,000', '1.2.3', ' 1', '0x10', '--1', '9'.repeat(81)]) assert.equal(parseDec(text), null, text);
  for (const value of [null, undefined, 1, {}]) assert.equal(parseDec(value), null);
});

test('division_rounds_half_to_even', () => {
  const rows: [bigint, bigint, bigint][] = [[5n, 10n, 0n], [15n, 10n, 2n], [25n, 10n, 2n], [35n, 10n, 4n], [-5n, 10n, 0n], [-15n, 10n, -2n], [-25n, 10n, -2n], [26n, 10n, 3n], [24n, 10n, 2n], [25n, -10n, -2n]];
  for (const [n, d, want] of rows) assert.equal(divHalfEven(n, d), want, `${n}/${d}`);
});

test('rescale_rounds_half_to_even_and_extends_exactly', () => {
  const rows: [string, number, string][] = [['0.125', 2, '0.12'], ['0.135', 2, '0.14'], ['0.1350000001', 2, '0.14'], ['-0.125', 2, '-0.12'], ['-0.375', 2, '-0.38'], ['7', 3, '7.000'], ['0.5', 0, '0'], ['1.5', 0, '2']];
  for (const [text, digits, want] of rows) assert.equal(plain(rescale(dec(text), digits)), want, text);
});

test('signed_money_has_plus_true_minus_and_grouping', () => {
  const rows: [string, number, string][] = [
    ['812.4471', 2, '+812.45'], ['-36.205', 2, `${MINUS}36.20`], ['-36.215', 2, `${MINUS}36.22`], ['0', 2, '0.00'], ['0.000', 2, '0.00'], ['0.004', 2, '+0.00'], ['-0.004', 2, `${MINUS}0.00`],
    ['1234567.891', 2, '+1,234,567.89'], ['-1000', 0, `${MINUS}1,000`], ['0.00001234', 8, '+0.00001234'], ['-0.995', 2, `${MINUS}1.00`],
  ];
  for (const [text, digits, want] of rows) assert.equal(signed(dec(text), digits), want, text);
});

test('amounts_beyond_doubles_keep_every_digit', () => {
  assert.equal(signed(dec('9007199254740993.01'), 2), '+9,007,199,254,740,993.01');
  assert.equal(amount(dec('12345678901234567890.12345678'), 8), '12,345,678,901,234,567,890.12345678');
});

test('prices_follow_the_tick_size', () => {
  const rows: [string, string | null, string][] = [
    ['64010.50000000', '0.01000000', '64,010.50'], ['0.00002315', '0.00000001', '0.00002315'], ['0.6125', '0.0001', '0.6125'], ['171', '1.00000000', '171'],
    ['64010.50000000', null, '64,010.50'], ['0.123456', null, '0.123456'], ['5', null, '5.00'], ['5', '0', '5.00'],
  ];
  for (const [text, tick, want] of rows) assert.equal(price(text, tick), want, `${text} at ${tick}`);
  assert.equal(price('abc', '0.01'), null);
});

test('tick_size_gives_digits', () => {
  const rows: [string | null, number | null][] = [['0.01000000', 2], ['1.00000000', 0], ['10', 0], ['0.00000500', 6], ['0', null], [null, null]];
  for (const [tick, want] of rows) assert.equal(digitsOfTick(tick), want, `${tick}`);
});

test('locale_decides_grouping_and_mark', () => {
  setLocale('de-DE');
  assert.equal(signed(dec('-1234567.895'), 2), `${MINUS}1.234.567,90`);
  setLocale('en-IN');
  assert.equal(amount(dec('1234567.5'), 1), '12,34,567.5');
  setLocale('ar-EG');
  assert.match(amount(dec('1234.5'), 1), /^[0-9.,\u066b\u066c]+$/);
  setLocale('en-US');
});

test('quantities_lose_trailing_zeros_only', () => {
  const rows: [string, string][] = [['0.01000000', '0.01'], ['100', '100'], ['2664.000', '2,664'], ['0', '0'], ['0.00000000', '0'], ['0.0000001', '0.0000001']];
  for (const [text, want] of rows) assert.equal(quantity(dec(text)), want, text);
  assert.equal(plain(trimZeros(dec('100.100'))), '100.1');
});

test('shown_total_is_rounded_once_and_says_where_parts_do_not_add_up', () => {
  assert.equal(sumIsUneven('0.004', '0.004', '0.008', 2), true);
  assert.equal(sumIsUneven('812.4471', '-36.2050', '776.2421', 2), true);
  assert.equal(sumIsUneven('1.10', '2.20', '3.30', 2), false);
  assert.equal(signed(dec('0.008'), 2), '+0.01');
});

test('distance_is_exact_percent', () => {
  const far = distancePercent('64010.50', '63500.00');
  assert.ok(far);
  assert.equal(percent(far), `${MINUS}0.80%`);
  assert.equal(percent(distancePercent('100', '100.5')!), '+0.50%');
  assert.equal(distancePercent('0', '1'), null);
  assert.equal(distancePercent(null, '1'), null);
  assert.equal(plain(ratio(dec('1'), dec('3'), 4)!), '0.3333');
});

test('compare_ignores_scale', () => {
  assert.equal(compare(dec('1.50'), dec('1.5')), 0);
  assert.equal(compare(dec('-2'), dec('-1.99')), -1);
  assert.equal(compare(dec('0.1'), dec('0.09999')), 1);
});

test('tooltips_have_the_unrounded_value', () => {
  assert.equal(exact('-36.2050'), `${MINUS}36.205`);
  assert.equal(exact('5.80279'), '5.80279');
});

test('coins_have_more_digits_than_currencies', () => {
  assert.equal(moneyDigits('USDT'), 2);
  assert.equal(moneyDigits('BTC'), 8);
  assert.equal(moneyDigits(null), 2);
});

test('ages_are_short_and_never_negative', () => {
  const rows: [number, string][] = [[-500, '0.0 s'], [340, '0.3 s'], [999, '0.9 s'], [1000, '1 s'], [59_999, '59 s'], [61_000, '1 min'], [3_600_000, '1 h'], [7_500_000, '2 h 5 min'], [90_000_000, '1 d 1 h'], [864_000_000, '10 d']];
  for (const [ms, want] of rows) assert.equal(age(ms), want, String(ms));
});

test('countdown_never_says_zero_while_it_lasts', () => {
  assert.equal(countdown(1), '1 s');
  assert.equal(countdown(40_100), '41 s');
  assert.equal(countdown(600_000), '10 min');
});

test('unreadable_times_are_unknown', () => {
  assert.equal(parseTime('yesterday'), null);
  assert.equal(parseTime(null), null);
  assert.equal(parseTime('2026-11-20T10:15:30.123456Z'), Date.UTC(2026, 10, 20, 10, 15, 30, 123));
});
