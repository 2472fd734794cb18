/**
 * Bundles the command into `dist/`: `diagnose.js` and the chunks it loads when it needs them; and the
 * web page into `dist/ui/`, which the server hands out.
 * What package.json lists under `dependencies` or `optionalDependencies` stays outside and is
 * installed by the user's npm; everything else is bundled with the text of its licence, so that
 * an installed package needs no registry, no compiler and no root.
 */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkNode, installPackages, root } from './setup.mjs';

const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

/** CommonJS packages call `require` for Node's own modules; an ES module has none. */
const REQUIRE =
  "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);";

export async function build() {
  const dist = path.join(root, 'dist');
  const esbuild = await import('esbuild');
  const result = await esbuild.build({
    ...bundleOptions(),
    entryPoints: {
      diagnose: 'cli/main.ts',
      'analysis-worker': 'server/jobs/analysis-worker.ts',
      // Captures where tcpdump does not, in a process of its own: it may crash.
      'cap-child': 'collector/engine/cap-child.ts',
      // Run on the lab's hosts, each as a program of its own.
      'lab-client': 'lab/clients/lab-client.ts',
      'lab-server': 'lab/servers/lab-server.ts',
    },
    outdir: 'dist',
    splitting: true, // keeps `import()` lazy: a start loads only what its command needs
    // A third of the time to load is reading. Names stay: a bug's stack is told, and the licences have a file of their own.
    ...{ minifyWhitespace: true, minifySyntax: true, legalComments: 'none' },
    external: Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }),
    metafile: true,
    write: false,
  });
  const page = await buildPage();
  // Removed only now: a build that fails leaves the last good one.
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  for (const file of result.outputFiles) writeFileSync(file.path, file.contents);
  const command = path.join(dist, 'diagnose.js');
  writeFileSync(command, withHashbang(readFileSync(command, 'utf8')));
  chmodSync(command, 0o755);
  for (const { fileName, content } of page.files) {
    const file = path.join(dist, 'ui', fileName);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  const inputs = [...Object.keys(result.metafile.inputs), ...page.inputs];
  writeFileSync(path.join(dist, 'THIRD-PARTY-LICENSES.txt'), licences(inputs));
}

/** The web page's files and the modules they are made of. Names are hashed, so that browsers may keep them for ever. */
export async function buildPage() {
  const vite = await import('vite');
  const { output } = await vite.build({
    configFile: false,
    root: path.join(root, 'ui'),
    base: './',
    logLevel: 'warn',
    // A test runner says `test` in the environment; React would then be the one for development.
    define: { 'process.env.NODE_ENV': '"production"' },
    esbuild: { jsx: 'automatic', jsxDev: false, legalComments: 'none' },
    build: {
      target: 'es2022',
      write: false,
      assetsInlineLimit: 0, // a `data:` address would not pass the page's own security policy
      modulePreload: false,
      chunkSizeWarningLimit: 1000,
    },
  });
  const files = output.map((file) => ({ fileName: file.fileName, content: file.code ?? file.source }));
  const inputs = output
    .flatMap((file) => file.moduleIds ?? [])
    .map((id) => path.relative(root, id.replace('\0', '')));
  return { files, inputs };
}

/** What every bundle of this repository shares. */
export function bundleOptions() {
  return {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    define: { __STALLSCOPE_VERSION__: JSON.stringify(manifest.version) },
    banner: { js: REQUIRE },
    logLevel: 'warning',
  };
}

function withHashbang(code) {
  return `#!/usr/bin/env node\n${code.replace(/^#!.*\n/, '')}`;
}

function licences(inputs) {
  const packages = new Set(
    inputs.flatMap((input) => input.replaceAll('\\', '/').match(/.*node_modules\/(?:@[^/]+\/)?[^/]+/) ?? []),
  );
  return [...packages]
    .sort()
    .map(licence)
    .join(`\n${'-'.repeat(80)}\n\n`);
}

function licence(folder) {
  const full = path.join(root, folder);
  const { name, version, license, author } = JSON.parse(
    readFileSync(path.join(full, 'package.json'), 'utf8'),
  );
  const file = readdirSync(full).find((entry) => /^licen[cs]e/i.test(entry));
  const by = author?.name ?? author ?? 'its authors';
  const text = file
    ? readFileSync(path.join(full, file), 'utf8')
    : `By ${by}. The package ships no licence file.\n`;
  return `${name} ${version}, licence ${license}\n\n${text}`;
}

if (process.argv[1] && pathToFileURL(process.argv[1]).href === import.meta.url) {
  checkNode();
  installPackages();
  await build();
}
