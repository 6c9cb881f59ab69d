/* patch.ts: RFC 7396 merge patch, without touching the target: what did not change keeps its identity, so that a signal
 * given the same object again wakes nobody. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const base = isObject(target) ? target : {};
  let out: JsonObject | null = isObject(target) ? null : {};
  for (const key of Object.keys(patch)) {
    const value = patch[key] as Json;
    if (value === null) {
      if (!Object.hasOwn(base, key)) continue;
      out ??= { ...base };
      delete out[key];
      continue;
    }
    const merged = mergePatch(Object.hasOwn(base, key) ? base[key] : undefined, value);
    if (Object.hasOwn(base, key) && base[key] === merged) continue;
    out ??= { ...base };
    define(out, key, merged);
  }
  return out ?? base;
}

/** A key such as "__proto__" from the wire becomes a plain property, never a prototype. */
function define(out: JsonObject, key: string, value: Json): void {
  if (key === '__proto__') Object.defineProperty(out, key, { value, enumerable: true, configurable: true, writable: true });
  else out[key] = value;
}
