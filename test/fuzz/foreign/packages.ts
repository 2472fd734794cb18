/**
 * The source packages of Debian whose test suites hold captures, fetched with an apt configuration of
 * the run's own: the machine's sources, lists and caches stay as they are. Only the upstream archive is
 * unpacked; nothing of it is run.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Those of the packet tools in Debian's main section that ship captures; those that do not are named in docs/fuzzing.md. */
const PACKAGES = [
  ...['tcpdump', 'wireshark', 'libpcap', 'ndpi', 'tcpflow', 'dnscap', 'python-dpkt', 'pcapy'],
  ...['scapy', 'tcpreplay', 'tcptrace', 'suricata', 'ruby-packetfu', 'golang-github-gopacket-gopacket'],
  ...['sngrep', 'ssldump', 'aircrack-ng', 'hcxtools', 'impacket', 'libtins', 'nfdump', 'pmacct'],
];

const SOURCES = `Types: deb-src
URIs: http://deb.debian.org/debian
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`;

export interface ForeignPackage {
  readonly name: string;
  /** Where it is unpacked; null where it cannot be had. */
  readonly folder: string | null;
  /** Why not. */
  readonly skipped: string;
}

/** Fetches and unpacks below `cache` what is not there yet; with `offline`, only names what is there. */
export function fetchPackages(cache: string, offline: boolean): ForeignPackage[] {
  const root = resolve(cache);
  const archives = join(root, 'archives');
  for (const folder of ['lists/partial', 'cache', 'archives', 'packages']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  const missing = PACKAGES.filter((name) => !existsSync(join(root, 'packages', name)));
  const apt = missing.length === 0 || offline ? null : prepareApt(root);
  return PACKAGES.map((name) => {
    const folder = join(root, 'packages', name);
    if (existsSync(folder)) return { name, folder, skipped: '' };
    if (apt === null) return { name, folder: null, skipped: 'not fetched (offline)' };
    try {
      apt(['source', '--download-only', name], archives);
    } catch (error) {
      return { name, folder: null, skipped: reasonOf(error) };
    }
    const archive = readdirSync(archives).find((file) => isUpstream(file, name));
    if (archive === undefined) return { name, folder: null, skipped: 'no upstream archive' };
    unpack(join(archives, archive), folder);
    return { name, folder, skipped: '' };
  });
}

const isUpstream = (file: string, name: string): boolean =>
  file.startsWith(`${name}_`) && /\.orig\.tar\.(?:gz|bz2|xz)$/.test(file);

function unpack(archive: string, folder: string): void {
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial);
  execFileSync('tar', ['--no-same-owner', '-xf', archive, '-C', partial]);
  execFileSync('mv', [partial, folder]);
}

function prepareApt(root: string): (args: readonly string[], cwd: string) => void {
  const sources = join(root, 'debian.sources');
  const config = join(root, 'apt.conf');
  writeFileSync(sources, SOURCES);
  writeFileSync(
    config,
    [
      `Dir::Etc::sourcelist "${sources}";`,
      'Dir::Etc::sourceparts "/dev/null";',
      `Dir::State::lists "${join(root, 'lists')}";`,
      `Dir::Cache "${join(root, 'cache')}";`,
      '',
    ].join('\n'),
  );
  const apt = (args: readonly string[], cwd: string): void => {
    execFileSync('apt-get', ['-qq', ...args], {
      cwd,
      env: { ...process.env, APT_CONFIG: config, LANG: 'C.UTF-8' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  };
  apt(['update'], root);
  return apt;
}

/** The first error that apt prints. */
function reasonOf(error: unknown): string {
  const { stderr } = error as { stderr?: Buffer };
  const line = /^E: (.*)$/m.exec(String(stderr ?? error))?.[1] ?? String(error);
  return line.replace(/ \[IP: .*\]$/, '').slice(0, 160);
}
