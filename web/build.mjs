// build.mjs: src/ to dist/: one script, one style sheet, the icons, and index.html, which names them by their hash.
//   node build.mjs [--watch] [--out DIR]
import { build, context } from 'esbuild';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));

function options(out) {
  return {
    absWorkingDir: HERE,
    entryPoints: { app: 'src/main.tsx' },
    outdir: out,
    bundle: true,
    minify: true,
    format: 'esm',
    splitting: true,
    target: ['es2020', 'chrome100', 'firefox100', 'safari15.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.svg': 'file' },
    entryNames: '[name].[hash]',
    assetNames: '[name].[hash]',
    chunkNames: '[name].[hash]',
    publicPath: '/',
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  };
}

/** What the script imports at once is fetched beside it, not after it. */
function preloads(metafile) {
  const found = Object.values(metafile.outputs).find((output) => output.entryPoint === 'src/main.tsx');
  return found.imports.filter((row) => row.kind === 'import-statement').map((row) => `<link rel="modulepreload" href="/${basename(row.path)}">`);
}

function writeIndex(out, metafile) {
  const names = Object.keys(metafile.outputs).map((path) => basename(path));
  const named = (pattern) => {
    const found = names.find((name) => pattern.test(name));
    if (found === undefined) throw new Error(`the build made no file like ${pattern}`);
    return `/${found}`;
  };
  const html = readFileSync(join(HERE, 'src/index.html'), 'utf8')
    .replace('%JS%', named(/^app\.\w+\.js$/))
    .replace('%CSS%', named(/^app\.\w+\.css$/))
    .replace('%PRELOAD%', preloads(metafile).join('\n'))
    .replace('%ICON%', named(/^tab-flat\.\w+\.svg$/));
  writeFileSync(join(out, 'index.html'), html);
}

/** Builds the page into `out` and returns the files it was made from. */
export async function buildPage(out) {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const result = await build(options(out));
  writeIndex(out, result.metafile);
  writeFileSync(join(out, 'licenses.txt'), readFileSync(join(HERE, 'licenses.txt')));
  return [...Object.keys(result.metafile.inputs).map((path) => join(HERE, path)), join(HERE, 'src/index.html'), join(HERE, 'licenses.txt')];
}

async function watch(out) {
  await buildPage(out);
  const again = {
    name: 'index',
    setup: (to) => to.onEnd((result) => {
      if (result.errors.length === 0) writeIndex(out, result.metafile);
    }),
  };
  const running = await context({ ...options(out), minify: false, sourcemap: 'inline', plugins: [again] });
  await running.watch();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const at = process.argv.indexOf('--out');
  const out = at > 0 ? process.argv[at + 1] : join(HERE, 'dist');
  if (process.argv.includes('--watch')) await watch(out);
  else {
    await buildPage(out);
    console.log(`page built in ${relative(process.cwd(), out) || '.'}`);
  }
}
