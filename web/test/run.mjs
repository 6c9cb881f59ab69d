// run.mjs: compiles the unit tests with esbuild and runs them with node's own runner. TAP on stdout.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const out = mkdtempSync(join(tmpdir(), 'gridscope-page-tests-'));
try {
  const tests = readdirSync(HERE).filter((name) => name.endsWith('.test.ts'));
  await build({
    entryPoints: tests.map((name) => join(HERE, name)), outdir: out, bundle: true, platform: 'node', format: 'esm', target: 'node18',
    outExtension: { '.js': '.mjs' }, jsx: 'automatic', jsxImportSource: 'preact', logLevel: 'warning',
  });
  const files = readdirSync(out).map((name) => join(out, name));
  const run = spawnSync(process.execPath, ['--test', '--test-reporter=tap', ...files], { stdio: 'inherit', env: { ...process.env, TZ: 'Europe/Berlin' } });
  process.exitCode = run.status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
