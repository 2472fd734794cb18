/**
 * The rules of the house, as functions of the repository's files: who may import whom, what the
 * analyzer must not touch, how long a file may be. Each returns the violations, one sentence each.
 * Imports are found with regular expressions, after comments are taken out: the TypeScript that
 * this repository uses has no API to ask.
 */
import path from 'node:path';

/** Path from the root of the repository (always with `/`) to content. */
export type Files = ReadonlyMap<string, string>;

interface Folder {
  mayImport: readonly string[];
  /** Packages and Node's own modules; `any` where the folder is free to do I/O. */
  packages: readonly string[] | 'any';
}

const ALL = [
  'packet',
  'analyzer',
  'postmortem',
  'collector',
  'gateway',
  'lab',
  'server',
  'cli',
  'test',
  'bench',
];

/** The table of the house. `docs/` holds no code. */
const HOUSE: Record<string, Folder> = {
  packet: { mayImport: [], packages: [] },
  analyzer: { mayImport: ['packet'], packages: ['@noble/hashes'] },
  postmortem: { mayImport: ['packet', 'analyzer'], packages: ['node:crypto'] },
  collector: { mayImport: ['packet'], packages: 'any' },
  gateway: { mayImport: ['packet'], packages: 'any' },
  lab: { mayImport: ALL, packages: 'any' },
  server: { mayImport: ['packet', 'analyzer', 'postmortem'], packages: 'any' },
  ui: { mayImport: ['analyzer', 'server'], packages: 'any' },
  cli: { mayImport: ALL, packages: 'any' },
  test: { mayImport: [...ALL, 'ui'], packages: 'any' },
  bench: { mayImport: [...ALL, 'ui'], packages: 'any' },
};

/** The files of `packet/` that need packages; they must stay out of reach of the analyzer. */
const DECOMPRESSION: Record<string, readonly string[]> = {
  'packet/file/compression.ts': ['node:zlib', 'node:stream'],
  'packet/file/lz4.ts': ['lz4js'],
};

/** Left to right; a stage imports only from stages to its left. */
const STAGES = [
  'capture',
  'flow',
  'tcp',
  'stall',
  'vantage',
  'failover',
  'verdict',
  'advice',
  'report',
  'timeline',
];
/** Types and constants of the public contract: every stage may name its words. */
const CONTRACT = 'analyzer/report/report.ts';
/** All that the rest of the house sees of the analyzer. */
const FRONT_DOORS = ['analyzer/index.ts', 'analyzer/frame-flags.ts'];
/** All that the web page knows of the server: types, and the words that they are made of. */
const API = 'server/api.ts';

const NOT_PURE =
  /\b(?:Date\.now|new Date\(\)|performance\.\w+|process\.\w+|setTimeout|setInterval|fetch\(|Math\.random|crypto\.\w+)/g;

const LONGEST_FILE = 500;
/** Longer files, with the reason. */
const LONGER_FOR_A_REASON: Record<string, string> = {};

const LONGEST_README = 25;

/** A path on somebody's machine: whoever clones the repository has none of these. */
const MACHINE_PATH = /(?<![\w.~-])\/(?:home|Users|root|work|private)\/[\w.-]+|\b[A-Z]:\\Users\\/g;
const UPWARD_PATH = /(?<![\w./-])(?:\.\.\/)+[\w.-]+/g;
const FOCUSED = /\b(?:it|test|describe)(?:\.\w+)*\.only\b/;

export function checkImports(files: Files): string[] {
  return modules(files).flatMap(({ file, imports }) =>
    imports.flatMap((target) => explainImport(file, target) ?? []),
  );
}

/** Null where the import is fine. Tests, beside the code or in `test/`, may import anything. */
function explainImport(file: string, target: string): string | null {
  const folder = top(file);
  const rule = HOUSE[folder];
  if (isTest(file) || rule === undefined) return null;
  const says = `${file} imports ${target}`;
  if (isPackage(target)) {
    const allowed = DECOMPRESSION[file] ?? rule.packages;
    return allowed === 'any' || allowed.some((name) => target === name || target.startsWith(`${name}/`))
      ? null
      : `${says}: ${folder}/ may not use that package`;
  }
  if (isTest(target) && folder !== 'bench') return `${says}: code may not depend on tests`;
  if (top(target) !== folder) {
    if (!rule.mayImport.includes(top(target))) return `${says}: ${folder}/ may not import ${top(target)}/`;
    if (folder === 'ui' && top(target) === 'server' && target !== API) return `${says}: ui/ sees only ${API}`;
    const passesDoor = top(target) !== 'analyzer' || FRONT_DOORS.includes(target) || folder === 'bench';
    return passesDoor ? null : `${says}: only ${FRONT_DOORS.join(' and ')} are public`;
  }
  return folder === 'analyzer' ? explainStage(file, target) : null;
}

function explainStage(file: string, target: string): string | null {
  const from = stage(file);
  const to = stage(target);
  if (from === null || from === to || target === CONTRACT) return null;
  const says = `${file} imports ${target}`;
  if (!STAGES.includes(from)) return `${file}: ${from}/ is no stage of the analyzer`;
  if (to === null) return `${says}: a stage may not import what joins the stages`;
  return STAGES.indexOf(to) < STAGES.indexOf(from) ? null : `${says}: ${to}/ is not left of ${from}/`;
}

/** The stage of a file of `analyzer/`, or null for the files that join the stages. */
function stage(file: string): string | null {
  const parts = file.split('/');
  return parts.length > 2 ? (parts[1] ?? null) : null;
}

/** What the analyzer reaches must be free of Node, too, wherever it lies. */
export function checkReach(files: Files): string[] {
  const imports = new Map(modules(files).map((module) => [module.file, module.imports]));
  const seen = new Set(FRONT_DOORS);
  for (const file of seen) for (const target of imports.get(file) ?? []) seen.add(target);
  return [...seen]
    .filter((target) => target in DECOMPRESSION || target.startsWith('node:'))
    .map((target) => `${target} is reached from ${FRONT_DOORS.join(' or ')}`);
}

/** No clock, no I/O, no chance in the analyzer: the same bytes give the same report. */
export function checkPurity(files: Files): string[] {
  return [...files].flatMap(([file, text]) =>
    top(file) !== 'analyzer' || isTest(file)
      ? []
      : [...stripStrings(text).matchAll(NOT_PURE)].map((match) => `${file} uses ${match[0]}`),
  );
}

export function checkLength(files: Files): string[] {
  return [...files].flatMap(([file, text]) => {
    const lines = text.split('\n').length - 1;
    const fine = !/\.tsx?$/.test(file) || lines <= LONGEST_FILE || file in LONGER_FOR_A_REASON;
    return fine ? [] : [`${file} has ${lines} lines: split it, or give the reason in LONGER_FOR_A_REASON`];
  });
}

/** Every folder of the house and every stage says in a README what comes in and what goes out. */
export function checkReadmes(files: Files): string[] {
  const folders = new Set<string>();
  for (const file of files.keys()) {
    if (!(top(file) in HOUSE) && top(file) !== 'docs') continue;
    folders.add(top(file));
    const inner = top(file) === 'analyzer' ? stage(file) : null;
    if (inner !== null) folders.add(`analyzer/${inner}`);
  }
  return [...folders].flatMap((folder) => {
    const text = files.get(`${folder}/README.md`);
    if (text === undefined) return [`${folder}/ has no README.md`];
    const lines = text.trimEnd().split('\n').length;
    return lines <= LONGEST_README
      ? []
      : [`${folder}/README.md has ${lines} lines, more than ${LONGEST_README}`];
  });
}

export function checkFocusedTests(files: Files): string[] {
  return [...files].flatMap(([file, text]) =>
    /\.test\.tsx?$/.test(file) && FOCUSED.test(stripComments(text))
      ? [`${file} runs only some of its tests`]
      : [],
  );
}

/** Nothing reads or names what lies outside of the repository. */
export function checkPaths(files: Files): string[] {
  return [...files].flatMap(([file, text]) => {
    const machine = [...text.matchAll(MACHINE_PATH)].map((match) => match[0]);
    const outside = [...text.matchAll(UPWARD_PATH)]
      .map((match) => match[0])
      .filter((upward) => path.posix.join(path.posix.dirname(file), upward).startsWith('..'));
    return [...machine, ...outside].map((found) => `${file} names ${found}`);
  });
}

/** Every relative link of a document leads to a file or folder of the repository. */
export function checkLinks(files: Files): string[] {
  const known = [...files.keys()];
  return [...files].flatMap(([file, text]) => {
    if (!file.endsWith('.md')) return [];
    const targets = [...text.matchAll(/\]\(([^)#\s:]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? '');
    return targets
      .map((target) => path.posix.join(path.posix.dirname(file), target).replace(/\/$/, ''))
      .filter((target) => !known.some((other) => other === target || other.startsWith(`${target}/`)))
      .map((target) => `${file} links to ${target}, which is not there`);
  });
}

/** Modules of the repository with what they import: a path from the root, or a package's name. Declarations are no modules. */
function modules(files: Files): { file: string; imports: string[] }[] {
  return [...files]
    .filter(([file]) => /(?<!\.d)\.tsx?$/.test(file))
    .map(([file, text]) => ({ file, imports: parseImports(text).map((target) => resolve(file, target)) }));
}

const IMPORTS = [
  /^\s*(?:import|export)\b[^;'"`]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^\s*import\s*['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
];

export function parseImports(text: string): string[] {
  const code = stripComments(text);
  return IMPORTS.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1] ?? ''));
}

function resolve(file: string, target: string): string {
  return target.startsWith('.') ? path.posix.join(path.posix.dirname(file), target) : target;
}

const TOKENS = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;

function stripComments(text: string): string {
  return text.replace(TOKENS, (token) => (token.startsWith('/') ? '' : token));
}

function stripStrings(text: string): string {
  return text.replace(TOKENS, (token) => (token.startsWith('`') ? token : ''));
}

function top(file: string): string {
  return file.split('/')[0] ?? '';
}

function isTest(file: string): boolean {
  return /\.test\.tsx?$/.test(file) || top(file) === 'test';
}

/** Everything in the house is imported by a path that ends in `.ts`, `.tsx`, `.json` or `.css`. */
function isPackage(target: string): boolean {
  return !/\.(?:tsx?|json|css)$/.test(target);
}
