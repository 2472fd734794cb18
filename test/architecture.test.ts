/** The rules of the house hold in this repository, and each of them can fail. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  checkFocusedTests,
  checkImports,
  checkLength,
  checkLinks,
  checkPaths,
  checkPurity,
  checkReach,
  checkReadmes,
  type Files,
  parseImports,
} from './architecture.ts';

const root = path.dirname(import.meta.dirname);
const GENERATED = ['node_modules', 'dist', 'coverage', '.git', '.cache'];
const TEXT = /\.(?:ts|tsx|mjs|js|json|md|txt|log|html|css|yaml|yml|sh|service)$|(?:^|\/)(?:run|\.[a-z]+)$/;
/** Documents link to them; there is nothing in them to check. */
const PICTURE = /\.png$/;

/** Without this file, whose made-up violations are no violations. */
const repository: Files = new Map(
  houseFiles('')
    .filter((file) => path.join(root, file) !== import.meta.filename)
    .map((file) => [file, PICTURE.test(file) ? '' : readFileSync(path.join(root, file), 'utf8')] as const),
);

describe('the house', () => {
  it('is all here', () => {
    expect([...repository.keys()]).toContain('analyzer/index.ts');
  });
  it.each([
    ['imports only what its table allows', checkImports],
    ['keeps Node out of what the analyzer reaches', checkReach],
    ['keeps clock, chance and I/O out of the analyzer', checkPurity],
    ['has no file that is too long', checkLength],
    ['explains every folder in a short README', checkReadmes],
    ['runs all of its tests', checkFocusedTests],
    ['names no path outside of the repository', checkPaths],
    ['has no dead link in its documents', checkLinks],
  ])('%s', (_name, check) => {
    expect(check(repository)).toEqual([]);
  });
});

describe('the captures', () => {
  it('are each explained in the README', () => {
    const readme = repository.get('test/fixtures/README.md') ?? '';
    const folders = [...repository.keys()].flatMap(
      (file) => file.match(/captures\/(.+)\/truth\.json$/)?.[1] ?? [],
    );
    expect(folders.length).toBeGreaterThan(0);
    expect(folders.filter((folder) => !readme.includes(`| \`${folder}\` |`))).toEqual([]);
  });
});

/** Every line is a violation: file, and what it contains. */
describe('the checks', () => {
  it.each([
    ['packet/wire/tcp.ts', "import { x } from '../../analyzer/index.ts';"],
    ['packet/wire/tcp.ts', "import type { x } from '../../analyzer/index.ts';"],
    ['packet/wire/tcp.ts', "import fs from 'node:fs';"],
    ['packet/file/pcap.ts', "import zlib from 'node:zlib';"],
    ['packet/file/compression.ts', "import fs from 'node:fs';"],
    ['analyzer/analysis.ts', "import '../cli/main.ts';"],
    ['analyzer/analysis.ts', "import 'node:fs';"],
    ['analyzer/analysis.ts', "import pc from 'picocolors';"],
    ['analyzer/capture/x.ts', "import {\n  a,\n  type B,\n} from '../flow/flow.ts';"],
    ['analyzer/capture/x.ts', "export * from '../flow/flow.ts';"],
    ['analyzer/capture/x.ts', "const a = await import('../flow/flow.ts');"],
    ['analyzer/stall/x.ts', "import { text } from '../report/headline.ts';"],
    ['analyzer/stall/x.ts', "import { createAnalysis } from '../analysis.ts';"],
    ['analyzer/misc/x.ts', "import { a } from '../flow/flow.ts';"],
    ['analyzer/flow/x.ts', "import { a } from './x.test.ts';"],
    ['analyzer/flow/x.ts', "import { a } from '../../test/flows.ts';"],
    ['cli/main.ts', "import { a } from '../analyzer/flow/flow.ts';"],
    ['cli/main.ts', "import { a } from '../ui/app.tsx';"],
    ['server/main.ts', "import { a } from '../gateway/index.ts';"],
    ['ui/app.tsx', "import { a } from '../server/store.ts';"],
  ])('refuse that %s has %j', (file, text) => {
    expect(checkImports(new Map([[file, text]]))).toHaveLength(1);
  });

  it.each([
    ['packet/file/compression.ts', "import { createGunzip } from 'node:zlib';"],
    ['analyzer/capture/x.ts', "import type { Flow } from '../report/report.ts';"],
    ['analyzer/stall/x.ts', "import { a } from '../flow/flow.ts';\nimport { b } from './b.ts';"],
    ['analyzer/analysis.ts', "import { a } from './verdict/rules.ts';"],
    ['analyzer/flow/x.ts', "// import { a } from '../stall/stall.ts';\n/* import '../stall/stall.ts'; */"],
    ['analyzer/flow/x.ts', 'const text = "see // " + "x"; // from \'../stall/stall.ts\''],
    ['analyzer/flow/x.test.ts', "import fs from 'node:fs';\nimport '../../test/flows.ts';"],
    ['cli/main.ts', "import { a } from '../analyzer/index.ts';\nimport fs from 'node:fs';"],
    ['cli/main.ts', "import { a } from '../analyzer/frame-flags.ts';"],
    ['ui/app.tsx', "import type { a } from '../server/api.ts';\nimport './app.css';"],
  ])('allow that %s has %j', (file, text) => {
    expect(checkImports(new Map([[file, text]]))).toEqual([]);
  });

  it('find imports however they are written', () => {
    expect(
      parseImports(`import a from './a.ts';\nimport {\n  b,\n} from "./b.ts";\n  export { c } from './c.ts';
      const d = import(\n'./d.ts'\n);\nimport './e.ts';\nconst f = "from './f.ts'";`),
    ).toEqual(['./a.ts', './b.ts', './c.ts', './e.ts', './d.ts']);
  });

  it('follow the analyzer through other folders', () => {
    const files = new Map([
      ['analyzer/index.ts', "export { a } from './analysis.ts';"],
      ['analyzer/analysis.ts', "import { read } from '../packet/file/reader.ts';"],
      ['packet/file/reader.ts', "import { inflate } from './compression.ts';"],
      ['packet/file/compression.ts', "import { createGunzip } from 'node:zlib';"],
    ]);
    expect(checkReach(files)).toHaveLength(2);
    files.set('packet/file/reader.ts', '');
    expect(checkReach(files)).toEqual([]);
  });

  it.each([
    'const t = Date.now();',
    'const d = new Date();',
    'performance.now()',
    'process.env.HOME',
    'fetch(url)',
  ])('refuse %j in the analyzer', (code) => {
    expect(checkPurity(new Map([['analyzer/flow/x.ts', code]]))).toHaveLength(1);
    expect(checkPurity(new Map([['cli/x.ts', code]]))).toEqual([]);
    expect(checkPurity(new Map([['analyzer/flow/x.ts', `// ${code}\nconst a = '${code}';`]]))).toEqual([]);
  });

  it('refuse a file that is too long, and a README that is missing or too long', () => {
    expect(checkLength(new Map([['cli/main.ts', '\n'.repeat(501)]]))).toHaveLength(1);
    expect(checkLength(new Map([['cli/main.ts', '\n'.repeat(500)]]))).toEqual([]);
    expect(checkReadmes(new Map([['analyzer/flow/flow.ts', '']]))).toHaveLength(2);
    expect(checkReadmes(new Map([['cli/README.md', 'line\n'.repeat(26)]]))).toHaveLength(1);
    expect(checkReadmes(new Map([['cli/README.md', 'line\n'.repeat(25)]]))).toEqual([]);
  });

  it('refuse a dead link', () => {
    const linking = (target: string) =>
      new Map([
        ['docs/a.md', `See [b](${target}).`],
        ['docs/causes/b.md', ''],
      ]);
    expect(checkLinks(linking('b.md'))).toHaveLength(1);
    for (const target of ['causes/b.md', 'causes/b.md#top', 'causes/', 'https://example.com/b']) {
      expect(checkLinks(linking(target)), target).toEqual([]);
    }
  });

  it('refuse a focused test', () => {
    for (const call of ['it', 'describe', 'test.concurrent']) {
      expect(checkFocusedTests(new Map([['cli/x.test.ts', `${call}${'.only'}('a', f)`]]))).toHaveLength(1);
    }
    expect(checkFocusedTests(new Map([['cli/x.test.ts', "it('reads only', f)"]]))).toEqual([]);
  });

  it('refuse paths that only one machine has', () => {
    const up = '../';
    for (const found of [
      `/${'home'}/ann/x.pcap`,
      `/${'Users'}/ann`,
      `${up}${up}elsewhere/x`,
      `C:${'\\Users'}\\ann`,
    ]) {
      expect(checkPaths(new Map([['cli/x.ts', `read('${found}')`]])), found).toHaveLength(1);
    }
    expect(
      checkPaths(new Map([['cli/x.ts', `import a from '${up}packet/a.ts'; get('/api/work/x')`]])),
    ).toEqual([]);
  });
});

function houseFiles(folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (GENERATED.includes(entry.name)) return [];
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return houseFiles(file);
    return TEXT.test(file) || PICTURE.test(file) ? [file] : [];
  });
}
