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

/** What is run as a program or as a thread of its own. */
const COMMAND = path.join(root, 'cli/main.ts');
const WORKER = path.join(root, 'server/jobs/analysis-worker.ts');
const SMALL = {
  // Captures where tcpdump does not, in a process of its own: it may crash.
  'cap-child': path.join(root, 'collector/engine/cap-child.ts'),
  // Run on the lab's hosts, each as a program of its own.
  'lab-client': path.join(root, 'lab/clients/lab-client.ts'),
  'lab-server': path.join(root, 'lab/servers/lab-server.ts'),
};

export async function build() {
  const dist = path.join(root, 'dist');
  const programs = await buildPrograms();
  const page = await buildPage();
  // Removed only now: a build that fails leaves the last good one.
  rmSync(dist, { recursive: true, force: true });
  writeFiles(dist, programs.files);
  writeFiles(path.join(dist, 'ui'), page.files);
  writeFileSync(path.join(dist, 'package.json'), '{ "type": "commonjs" }\n');
  const command = path.join(dist, 'diagnose.js');
  writeFileSync(command, withHashbang(readFileSync(command, 'utf8')));
  chmodSync(command, 0o755);
  writeFileSync(path.join(dist, 'THIRD-PARTY-LICENSES.txt'), licences([...programs.inputs, ...page.inputs]));
}

/**
 * The programs as CommonJS, and all that every start of the command loads in one file: Node takes a sixth less time for the
 * diagnosis of 100,000 packets than with modules in two dozen files. What `import()` names stays in files of its own.
 */
async function buildPrograms() {
  const vite = await import('vite');
  let always;
  const { output } = await vite.build({
    configFile: false,
    root,
    publicDir: false,
    logLevel: 'warn',
    define: bundleOptions().define,
    ssr: { noExternal: true, external: packages() },
    // Names stay: a bug's stack is told, and the licences have a file of their own.
    esbuild: { minifyIdentifiers: false, minifyWhitespace: true, minifySyntax: true, legalComments: 'none' },
    build: {
      ssr: true,
      target: bundleOptions().target,
      write: false,
      minify: 'esbuild',
      rollupOptions: {
        input: { diagnose: COMMAND, 'analysis-worker': WORKER, ...SMALL },
        output: {
          format: 'cjs',
          entryFileNames: '[name].js',
          chunkFileNames: '[name]-[hash].js',
          manualChunks(id, { getModuleInfo }) {
            always ??= loadedAlways(getModuleInfo);
            return always.has(id) ? 'always' : undefined;
          },
        },
        // Of packages, about where their comments stand.
        onwarn: (warning, warn) => warning.code === 'INVALID_ANNOTATION' || warn(warning),
      },
    },
  });
  return filesOf(output);
}

/** What the command loads before it knows what it is asked for, but for what small programs need as well. */
function loadedAlways(moduleInfo) {
  const always = imported(moduleInfo, COMMAND);
  for (const program of Object.values(SMALL))
    for (const id of imported(moduleInfo, program)) always.delete(id);
  return always;
}

function imported(moduleInfo, entry) {
  const found = new Set();
  const open = [entry];
  for (let id = open.pop(); id !== undefined; id = open.pop())
    for (const next of moduleInfo(id)?.importedIds ?? [])
      if (!found.has(next) && !moduleInfo(next)?.isExternal) {
        found.add(next);
        open.push(next);
      }
  return found;
}

/** What the user's npm installs. */
function packages() {
  return Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
}

/** Each file's name and content, and the modules that all are made of. */
function filesOf(output) {
  const inputs = output
    .flatMap((file) => file.moduleIds ?? [])
    .map((id) => path.relative(root, id.replace('\0', '')));
  return {
    files: output.map((file) => ({ fileName: file.fileName, content: file.code ?? file.source })),
    inputs,
  };
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
  return filesOf(output);
}

/** What the bundles that tests, benchmarks and fuzzing make share. */
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

function writeFiles(folder, files) {
  for (const { fileName, content } of files) {
    const file = path.join(folder, fileName);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
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
