import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Json, mergePatch } from '../src/feed/patch';

/* The table of RFC 7396, appendix A. */
const RFC: [string, string, string][] = [
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'], ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'], ['{"a":"b"}', '{"a":null}', '{}'],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'], ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'], ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'], ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'], ['["a","b"]', '["c","d"]', '["c","d"]'],
  ['{"a":"b"}', '["c"]', '["c"]'], ['{"a":"foo"}', 'null', 'null'], ['{"a":"foo"}', '"bar"', '"bar"'], ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'], ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
];

test('merge_patch_follows_every_row_of_rfc_7396', () => {
  for (const [target, patch, want] of RFC) assert.deepEqual(mergePatch(JSON.parse(target) as Json, JSON.parse(patch) as Json), JSON.parse(want), `${target} + ${patch}`);
});

test('merge_patch_leaves_the_target_alone_and_keeps_identity_of_the_rest', () => {
  const target = { a: { x: 1 }, b: { y: 2 } };
  const out = mergePatch(target, { a: { x: 3 } }) as typeof target;
  assert.equal(target.a.x, 1);
  assert.equal(out.a.x, 3);
  assert.equal(out.b, target.b);
});

test('merge_patch_without_a_change_is_the_same_object', () => {
  const target = { a: { x: '1' }, b: null };
  assert.equal(mergePatch(target, { a: { x: '1' }, c: null }), target);
});

test('merge_patch_cannot_reach_a_prototype', () => {
  const out = mergePatch({}, JSON.parse('{"__proto__":{"polluted":"yes"}}') as Json) as object;
  assert.equal(Object.getPrototypeOf(out), Object.prototype);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});
