/**
 * Completes package-lock.json after `npm install` against a registry mirror that lacks the packages
 * of other platforms: npm then leaves them out of the lock, and `npm ci` of npm 11 refuses it
 * everywhere. They are optional and pinned by the package that names them, so all that npm needs to
 * know follows from their names (`rollup-linux-arm64-musl`). What has no integrity was added here.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = new URL('../package-lock.json', import.meta.url);
const PLATFORM =
  /(android|darwin|freebsd|linux|netbsd|openbsd|openharmony|win32)-(arm64|arm|x64|ia32|loong64|ppc64|riscv64|s390x)(?:-(\w+))?$/;
const LIBC = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' };

const lock = JSON.parse(readFileSync(FILE, 'utf8'));
const { '': project, ...packages } = lock.packages;
for (const parent of Object.values(packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    packages[`node_modules/${name}`] ??= platformPackage(name, version, parent);
  }
}
const sorted = Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
lock.packages = { '': project, ...Object.fromEntries(sorted) };
writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);

function platformPackage(name, version, parent) {
  const [, os, cpu, abi] = name.match(PLATFORM) ?? [];
  if (!os || !/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`${name} ${version} says no platform`);
  const libc = os === 'linux' && LIBC[abi] ? { libc: [LIBC[abi]] } : {};
  const dev = parent.dev ? { dev: true } : {};
  return { version, cpu: [cpu], ...dev, ...libc, license: parent.license, optional: true, os: [os] };
}
