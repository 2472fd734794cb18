/**
 * What has to be there before anything runs: Node, packages, the build, system packages.
 * Plain Node without dependencies, because it runs before `npm ci` has. It parses on old
 * versions of Node too, so that those get the sentence in `checkNode` and no syntax error.
 * Everything it says goes to stderr, and only when there is something to do.
 */
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Programs that tests run, beyond Node. Without one, the tests that need it are skipped, by name. */
const SYSTEM_PACKAGES = [
  {
    name: 'tshark',
    program: 'tshark',
    why: 'checks frame numbers, flags and cited frames against Wireshark',
  },
  { name: 'chromium', program: 'chromium', why: 'opens the web page, clicks and looks' },
  { name: 'poppler-utils', program: 'pdftotext', why: 'reads what a postmortem is on paper' },
  { name: 'zstd', program: 'zstd', why: 'makes zstd files for the tests of our decoder' },
  { name: 'lz4', program: 'lz4', why: 'makes lz4 files for the tests of our decoder' },
  { name: 'iproute2', program: 'ip', why: 'makes the hosts of the lab: network namespaces and links' },
  { name: 'nftables', program: 'nft', why: 'holds the rules of a gateway node in the lab' },
  { name: 'conntrack', program: 'conntrack', why: 'reads the connection table of a gateway node' },
  { name: 'conntrackd', program: 'conntrackd', why: 'shares connection state between gateway nodes' },
  { name: 'keepalived', program: 'keepalived', why: 'moves the address of a gateway in the lab' },
  { name: 'ethtool', program: 'ethtool', why: 'switches offloads off on links of the lab' },
  { name: 'tcpdump', program: 'tcpdump', why: 'takes the captures of the lab' },
  { name: 'nginx-light', program: 'nginx', why: 'is the server of the lab' },
  { name: 'curl', program: 'curl', why: 'is a client of the lab' },
  { name: 'wget', program: 'wget', why: 'is a client of the lab' },
  {
    name: 'libpcap-dev',
    program: 'pcap-config',
    why: 'is what npm builds `cap` with, an engine of the collector',
  },
  { name: 'g++', program: 'g++', why: 'builds `cap`' },
  { name: 'make', program: 'make', why: 'builds `cap`' },
  { name: 'python3', program: 'python3', why: 'builds `cap`' },
];

/** As `engines` in package.json says. */
const OLDEST_NODE = [20, 19];

/** ms; it takes a few seconds. */
const LONGEST_BUILD = 120_000;

/** Node, packages and the build: all that `diagnose` needs. */
export async function setUp() {
  checkNode();
  installPackages();
  await buildIfStale();
}

export function say(text) {
  process.stderr.write(`stallscope: ${text}\n`);
}

export function fail(text) {
  say(text);
  process.exit(1);
}

export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  fail(`needs Node ${OLDEST_NODE.join('.')} or newer, and this is ${process.versions.node}`);
}

export function installPackages() {
  if (packagesMatchLock()) return;
  say('installing packages (npm ci) …');
  // Its errors are told even under `npm --silent`; without network it says so after 10 s, not 70.
  if (runNpm(['ci', '--no-audit', '--no-fund', '--loglevel=error', '--fetch-retries=1']) === 0) return;
  fail('npm could not install the packages (see above): they come from the network, once');
}

function runNpm(args) {
  // The npm that was called, where it was npm.
  const npm = /npm-cli\.js$/.test(process.env.npm_execpath ?? '') ? process.env.npm_execpath : null;
  // npm's own report goes to stderr: stdout belongs to the diagnosis.
  const options = { cwd: root, stdio: ['ignore', 2, 2] };
  const result = npm
    ? spawnSync(process.execPath, [npm, ...args], options)
    : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
  return result.status;
}

/** npm leaves out an optional package that it cannot build. What it lacked may be there now: it is tried once more. */
export function installLeftOut() {
  const { optionalDependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const left = Object.keys(optionalDependencies).filter(
    (name) => !existsSync(path.join(root, 'node_modules', name)),
  );
  if (left.length === 0 || !onPath('pcap-config') || !onPath('g++')) return;
  say(`installing ${left.join(', ')} …`);
  runNpm(['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', '--fetch-retries=1']);
}

/**
 * Whether every package of the lock file is installed in its version. npm notes what it installed
 * in a lock file of its own; comparing the two is safe where comparing file times is not.
 */
function packagesMatchLock() {
  const installed = readLock('node_modules/.package-lock.json');
  return Object.entries(readLock('package-lock.json')).every(
    ([name, { version, optional }]) =>
      name === '' || (installed[name] ? installed[name].version === version : optional),
  );
}

function readLock(file) {
  const full = path.join(root, file);
  return existsSync(full) ? JSON.parse(readFileSync(full, 'utf8')).packages : {};
}

/** One at a time: two terminals, or two test files, may start together. */
async function buildIfStale() {
  if (isBuilt()) return;
  const lock = path.join(root, '.cache/build.lock');
  await takeLock(lock);
  try {
    if (isBuilt()) return;
    say('building …');
    const { build } = await import('./build.mjs');
    await build();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function isBuilt() {
  // Written last: a build that was interrupted is none.
  const built = path.join(root, 'dist/THIRD-PARTY-LICENSES.txt');
  const sources = [
    'packet',
    'analyzer',
    'postmortem',
    'server',
    'collector',
    'gateway',
    'lab',
    'ui',
    'cli',
    'docs/causes',
    'package.json',
    'package-lock.json',
    'scripts/build.mjs',
  ];
  const newest = Math.max(...sources.map((source) => newestChange(path.join(root, source))));
  return existsSync(built) && statSync(built).mtimeMs > newest;
}

/** A folder, because only one process can make it. One that is older than any build was left behind. */
async function takeLock(lock) {
  mkdirSync(path.dirname(lock), { recursive: true });
  for (let tries = 0; ; tries++) {
    try {
      return mkdirSync(lock);
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (tries === 10) say('waiting for another build …');
    const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > LONGEST_BUILD) rmSync(lock, { recursive: true, force: true });
    else await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Folders count too: removing a file changes nothing but its folder's time. */
function newestChange(file) {
  const status = statSync(file);
  if (!status.isDirectory()) return status.mtimeMs;
  return Math.max(status.mtimeMs, ...readdirSync(file).map((name) => newestChange(path.join(file, name))));
}

/** Installs what is missing where that can be done without asking, else prints the line to type. */
export function installSystemPackages() {
  const missing = SYSTEM_PACKAGES.filter(({ program }) => !onPath(program));
  if (missing.length === 0) return;
  const install = `apt-get install -y --no-install-recommends ${missing.map(({ name }) => name).join(' ')}`;
  for (const { name, why } of missing) say(`${name} is missing: it ${why}`);
  if (!onPath('apt-get')) return say('install it as your system does; without it, its tests are skipped');
  if (process.getuid?.() !== 0) {
    return say(`without it, its tests are skipped. To install: sudo apt-get update && sudo ${install}`);
  }
  say(`${install} …`);
  const options = {
    stdio: ['ignore', 'ignore', 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  };
  const wait = ['-qq', '-o', 'DPkg::Lock::Timeout=120'];
  spawnSync('apt-get', [...wait, 'update'], options);
  const { status } = spawnSync('apt-get', [...wait, ...install.split(' ').slice(1)], options);
  if (status !== 0) say('that did not work: the tests that need it are skipped');
}

function onPath(program) {
  return (process.env.PATH ?? '').split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
