/** What a run over foreign captures prints: a row a package, and their sum. */

export interface PackageRow {
  readonly name: string;
  files: number;
  frames: number;
  /** As many frames as capinfos counts. */
  equal: number;
  /** Read here, and not by capinfos. */
  notRead: number;
  /** Captures of neither: other formats, and damage at the very beginning. */
  neither: number;
  faults: number;
  slowest: { readonly ms: number; readonly file: string };
  largest: { readonly mib: number; readonly file: string };
}

const HEAD = [
  'package',
  'files',
  'frames',
  'equal',

  'only here',
  'neither',
  'faults',
  'slowest',
  'most memory',
];

export function tableOf(rows: readonly PackageRow[]): string {
  const lines = [HEAD, HEAD.map(() => '---'), ...rows.map(cellsOf), cellsOf(sumOf(rows))];
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

function cellsOf(row: PackageRow): string[] {
  const { name, files, frames, equal, notRead, neither, faults, slowest, largest } = row;
  return [
    name,
    ...[files, frames, equal, notRead, neither, faults].map(String),
    `${(slowest.ms / 1000).toFixed(1)} s`,
    `${Math.round(largest.mib)} MiB`,
  ];
}

function sumOf(rows: readonly PackageRow[]): PackageRow {
  const sum = (key: 'files' | 'frames' | 'equal' | 'notRead' | 'neither' | 'faults'): number =>
    rows.reduce((total, row) => total + row[key], 0);
  const none: PackageRow['slowest'] = { ms: 0, file: '' };
  return {
    name: 'all',
    files: sum('files'),
    frames: sum('frames'),
    equal: sum('equal'),
    notRead: sum('notRead'),
    neither: sum('neither'),
    faults: sum('faults'),
    slowest: rows.reduce((most, row) => (row.slowest.ms > most.ms ? row.slowest : most), none),
    largest: rows.reduce((most, { largest }) => (largest.mib > most.mib ? largest : most), {
      mib: 0,
      file: '',
    }),
  };
}
