/**
 * The command as a process: exit codes, what goes to which stream, bad input.
 * The analyzer's decisions are replaced by `stand-in-analysis.ts`.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listCapture } from '../packet/file/test-listing.ts';
import {
  bundleCli,
  type CliResult,
  type RunOptions,
  removeBundle,
  runCli,
  temporaryFolder,
} from './run-cli.ts';

const folder = temporaryFolder();
const at = (...path: string[]): string => join(folder.path, ...path);
let bundle = '';

const run = (args: string[], options?: RunOptions): Promise<CliResult> => runCli(bundle, args, options);

/** A little-endian pcap with `packets` packets of 60 zero bytes, one a second. */
function pcap(packets: number): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(1, 20);
  const records = Array.from({ length: packets }, (_, i) => {
    const record = Buffer.alloc(16 + 60);
    record.writeUInt32LE(1_795_345_622 + i, 0);
    record.writeUInt32LE(60, 8);
    record.writeUInt32LE(60, 12);
    return record;
  });
  return Buffer.concat([header, ...records]);
}

beforeAll(async () => {
  bundle = await bundleCli();
  writeFileSync(at('client.pcap'), pcap(10));
  writeFileSync(at('server.pcap.gz'), gzipSync(pcap(7)));
  writeFileSync(at('cut.pcap'), pcap(10).subarray(0, 24 + 76 * 4 + 30));
  writeFileSync(at('cut.pcap.gz'), gzipSync(pcap(5000), { level: 0 }).subarray(0, 100_000));
  writeFileSync(at('empty.pcap'), '');
  writeFileSync(at('notes.txt'), 'The gateway failed over at 11:07.\n');
  writeFileSync(at('a=b.pcap'), pcap(3));
  writeFileSync(at('b.log.gz'), gzipSync('one line of node\n'));
  writeFileSync(at('a=b.log'), 'another of them');
  writeFileSync(at('cut.log.gz'), gzipSync('a line\n'.repeat(5000), { level: 0 }).subarray(0, 20_000));
  writeFileSync(at('bomb.log.gz'), gzipSync(Buffer.alloc(65 * 1024 * 1024, 'a line\n')));
  mkdirSync(at('captures', 'inner'), { recursive: true });
  writeFileSync(at('captures', 'b.pcap'), pcap(2));
  writeFileSync(at('captures', 'a.cap.gz'), gzipSync(pcap(1)));
  writeFileSync(at('captures', 'nameless'), pcap(4));
  writeFileSync(at('captures', 'broken.pcapng'), 'no capture');
  writeFileSync(at('captures', 'truth.json'), '{}');
  writeFileSync(at('captures', 'inner', 'c.pcap'), pcap(9));
  mkdirSync(at('nothing'));
  writeFileSync(at('nothing', 'truth.json'), '{}');
});
afterAll(() => {
  folder.remove();
  removeBundle(bundle);
});

describe('the result', () => {
  test('text on stdout, nothing on stderr, 0 whatever was found', async () => {
    const { code, stdout, stderr } = await run([at('client.pcap')]);
    expect(stdout).toMatch(/^One flow hangs, 10 frames read\n1 flow: 1 hung\n/);
    expect(stdout).toContain('hung[?]: 1 flow');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('analyze is the same as no command', async () => {
    expect(await run(['analyze', at('client.pcap')])).toEqual(await run([at('client.pcap')]));
  });

  test('-q prints the headline alone', async () => {
    expect((await run(['-q', at('client.pcap')])).stdout).toBe('One flow hangs, 10 frames read\n');
  });

  test('--json is one document, --jsonl a flow a line', async () => {
    const json = await run(['--json', at('client.pcap')]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      schemaVersion: 1,
      headline: 'One flow hangs, 10 frames read',
    });
    expect(json.stdout.endsWith('}\n')).toBe(true);
    const lines = await run(['--jsonl', at('client.pcap')]);
    expect(JSON.parse(lines.stdout)).toMatchObject({ id: 'f0000000001', outcome: 'hung' });
  });

  test('--flow prints the ladder; a flow that is not there is an error', async () => {
    expect((await run(['--flow', 'f0000000001', at('client.pcap')])).stdout).toContain(
      'last data before the stall',
    );
    const missing = await run(['--flow', 'nothing', at('client.pcap')]);
    expect(missing).toMatchObject({
      code: 2,
      stdout: '',
      stderr: "error: no flow matches 'nothing'\nhelp: -v lists every flow\n",
    });
  });

  test('-o writes the whole file and leaves stdout empty', async () => {
    const { code, stdout } = await run(['--json', '-o', at('report.json'), at('client.pcap')]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(JSON.parse(readFileSync(at('report.json'), 'utf8'))).toMatchObject({ schemaVersion: 1 });
    expect(readdirSync(folder.path).filter((name) => name.includes('partial'))).toEqual([]);
  });

  test('--annotate writes the frames beside the result, with --redact their headers and no name of a file', async () => {
    const annotate = async (file: string, ...more: string[]): Promise<Buffer> => {
      const args = ['--annotate', at(file), '--frames', 'all', ...more, at('client.pcap')];
      expect(await run(args)).toMatchObject({ code: 0, stderr: expect.stringContaining('10 frames') });
      return readFileSync(at(file));
    };
    const lengths = (file: Buffer): number[] => listCapture(file).packets.map(({ data }) => data.length);
    const plain = await annotate('plain.pcapng');
    const redacted = await annotate('redacted.pcapng', '--redact');
    expect(lengths(plain)).toEqual(new Array(10).fill(60));
    expect(lengths(redacted)).toEqual(new Array(10).fill(14));
    expect([plain, redacted].map((file) => file.includes('client.pcap'))).toEqual([true, false]);
  });

  test('--fail-on exits with 1 only for what it names', async () => {
    expect((await run(['--fail-on', 'reset,hung', at('client.pcap')])).code).toBe(1);
    expect((await run(['--fail-on=reset', at('client.pcap')])).code).toBe(0);
  });

  test('times reach the analyzer; a time without a zone is UTC and this is said', async () => {
    const args = ['--until', '2026-11-22T11:07:02.601', '--from', '@1795345622.5', at('client.pcap')];
    const { stdout, stderr } = await run(['-q', ...args]);
    expect(stdout.replace(/\n/g, ' ')).toContain('from 1795345622500000000, until 1795345622601000000');
    expect(stderr).toBe('note: --until names no time zone and is taken as UTC\n');
  });

  test('colour only where it is wanted', async () => {
    const colored = async (args: string[], env: Record<string, string>): Promise<boolean> => {
      return (await run([...args, at('client.pcap')], { env })).stdout.includes('\x1b[');
    };
    expect(await colored([], {})).toBe(false);
    expect(await colored([], { FORCE_COLOR: '1' })).toBe(true);
    expect(await colored([], { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false);
    expect(await colored(['--color', 'always'], { NO_COLOR: '1' })).toBe(true);
    expect(await colored(['--color', 'never'], { FORCE_COLOR: '1' })).toBe(false);
  });

  test('an interrupt ends it with 130 and prints no half result', async () => {
    const { code, stdout } = await run(['-', '-'], { stdin: pcap(3), interrupt: true });
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
  });

  test('a reader that closes the pipe is no error', async () => {
    const { code, stderr } = await run(['explain'], { closeEarly: true });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('inputs', () => {
  const frames = async (args: string[], options?: RunOptions): Promise<string> => {
    const { stdout, stderr } = await run(['-q', ...args], options);
    return stdout + stderr;
  };

  test('gzip, standard input plain and compressed', async () => {
    expect(await frames([at('server.pcap.gz')])).toContain('7 frames');
    expect(await frames(['-'], { stdin: pcap(5) })).toContain('5 frames');
    expect(await frames(['client=-'], { stdin: gzipSync(pcap(6)) })).toContain('6 frames');
  });

  test('a folder means the captures directly in it, whatever they are called', async () => {
    const { code, stdout, stderr } = await run(['--json', at('captures')]);
    const { captures } = JSON.parse(stdout) as { captures: { file: string }[] };
    expect(captures.map(({ file }) => file)).toEqual([
      at('captures', 'a.cap.gz'),
      at('captures', 'b.pcap'),
      at('captures', 'nameless'),
    ]);
    expect(code).toBe(0);
    expect(stderr).toBe(
      `note: ${at('captures', 'broken.pcapng')}: skipped, this is no pcap or pcapng file: it is text\n`,
    );
  });

  test('a link in a folder is followed within it, and not out of it; a folder or file that is named may be one', async () => {
    const folder = at('linked');
    mkdirSync(join(folder, 'older'), { recursive: true });
    copyFileSync(at('client.pcap'), join(folder, 'older', 'a.pcap'));
    symlinkSync(join('older', 'a.pcap'), join(folder, 'inside.pcap'));
    symlinkSync(at('a=b.pcap'), join(folder, 'outside.pcap'));
    symlinkSync(join('..', 'linked-too', 'x'), join(folder, 'nowhere.pcap'));
    // One whose name begins as the folder's is beside it.
    mkdirSync(at('linked-too'));
    copyFileSync(at('client.pcap'), at('linked-too', 'b.pcap'));
    symlinkSync(join('..', 'linked-too', 'b.pcap'), join(folder, 'beside.pcap'));
    const skipped = (name: string): string =>
      `note: ${join(folder, name)}: skipped, it is a link that leads out of the folder; name it to have it read\n`;
    expect(await frames([folder])).toBe(
      `One flow hangs, 10 frames read\n${skipped('beside.pcap')}${skipped('outside.pcap')}`,
    );
    symlinkSync(folder, at('to-linked'));
    expect(await frames([at('to-linked')])).toMatch(/10 frames read/);
    expect(await frames([join(folder, 'outside.pcap')])).toBe('One flow hangs, 3 frames read\n');
  });

  test('VANTAGE=FILE, and a file that has = in its name', async () => {
    const { stdout } = await run(['--json', `node-a.out=${at('client.pcap')}`, at('a=b.pcap')]);
    const { captures } = JSON.parse(stdout) as { captures: unknown[] };
    expect(captures).toMatchObject([
      { file: at('client.pcap'), frames: 10, vantage: { host: 'node-a', side: 'out', inferred: false } },
      { file: at('a=b.pcap'), frames: 3, vantage: { inferred: true } },
    ]);
  });

  test('journals reach the analyzer, plain and compressed, with the node and the zone that were said', async () => {
    const args = ['--journal', `node-b=${at('b.log.gz')}`, '--journal', at('a=b.log'), at('client.pcap')];
    const { code, stdout, stderr } = await run(['-q', ...args]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.replace(/\s+/g, ' ')).toBe(
      'One flow hangs, 10 frames read, journal of node-b with 17 characters, zone unsaid, ' +
        'journal of nobody with 15 characters, zone unsaid ',
    );
    const zoned = await run(['-q', '--journal-zone', '+01:00', ...args]);
    expect(zoned.stdout.match(/zone\s3600000000000\b/g)).toHaveLength(2);
  });

  test('a journal given twice is read once; one that is cut gives what can be read', async () => {
    const twice = await run([
      '-q',
      '--journal',
      at('a=b.log'),
      '--journal',
      `b=${at('a=b.log')}`,
      at('client.pcap'),
    ]);
    expect(twice.stderr).toBe(`note: ${at('a=b.log')}: given twice, read once\n`);
    const cut = ['-q', '--journal', at('cut.log.gz'), at('client.pcap')];
    const { code, stdout, stderr } = await run(cut);
    expect(stdout).toMatch(/journal\sof\snobody\swith\s\d{4,}\scharacters/);
    expect(stderr).toMatch(/^note: .*cut\.log\.gz: the gzip file ends in the middle/);
    expect(code).toBe(0);
    expect(await run(['--strict', ...cut])).toMatchObject({ code: 2, stdout: '' });
  });

  test('the same file twice is read once, also through a link', async () => {
    symlinkSync(at('client.pcap'), at('link.pcap'));
    expect(await frames([at('client.pcap'), at('link.pcap')])).toBe(
      `One flow hangs, 10 frames read\nnote: ${at('link.pcap')}: given twice, read once\n`,
    );
  });

  test.each([
    ['plain', 'cut.pcap', '4 frames'],
    ['gzip', 'cut.pcap.gz', /1[23]\d\d frames/],
  ])(
    'a cut file (%s) gives what could be read, and a note; --strict makes it an error',
    async (_, name, read) => {
      const { code, stdout, stderr } = await run(['-q', at(name)]);
      expect(stdout).toMatch(read);
      expect(stderr.split('\n')[0]).toMatch(new RegExp(`^note: .*${name}: `));
      expect(code).toBe(0);
      const strict = await run(['--strict', at(name)]);
      expect(strict).toMatchObject({ code: 2, stdout: '' });
      expect(strict.stderr).toMatch(/^error: .*\nhelp: without --strict, what can be read is analysed\n$/);
    },
  );
});

describe('errors: one line and the next step on stderr, nothing on stdout, exit code 2', () => {
  test.each<[string, () => string[], string | RegExp]>([
    ['no capture', () => [], 'error: no capture is given\nhelp: diagnose --help begins with examples\n'],
    ['missing file', () => [at('nope.pcap')], /^error: .*nope\.pcap: no such file or folder\n$/],
    [
      'empty file',
      () => [at('empty.pcap')],
      /^error: .*empty\.pcap: the file is empty\nhelp: captures are pcap/,
    ],
    [
      'text file',
      () => [at('notes.txt')],
      /^error: .*notes\.txt: this is no pcap or pcapng file: it is text\n/,
    ],
    [
      'text among captures',
      () => [at('client.pcap'), at('notes.txt')],
      /^error: .*notes\.txt: this is no pcap/,
    ],
    ['folder without captures', () => [at('nothing')], /^error: no captures in .*nothing\n/],
    ['vantage without file', () => ['client='], "error: client=: no file after '='\n"],
    [
      'mistyped command',
      () => ['explian', 'outage'],
      "error: explian: no such file or folder\nhelp: did you mean the command 'diagnose explain'?\n",
    ],
    [
      'a time for what is kept whole',
      () => ['open', 'x.pcap', '--until', '11:07'],
      'error: --until: an incident is kept with all that its captures hold\nhelp: `diagnose FILE --until TIME` prints the report with it\n',
    ],
    ['mistyped option', () => ['--jsn', 'x'], "error: unknown option '--jsn'\nhelp: did you mean --json?\n"],
    [
      'unknown option',
      () => ['--zzzzzz', 'x'],
      "error: unknown option '--zzzzzz'\nhelp: diagnose --help lists the options\n",
    ],
    [
      'unknown option of a command',
      () => ['advise', '--zzzzzz'],
      "error: unknown option '--zzzzzz'\nhelp: diagnose advise --help lists the options\n",
    ],
    [
      'json and jsonl',
      () => ['--json', '--jsonl', 'x'],
      /^error: option '--json' cannot be used with option '--jsonl'\n/,
    ],
    [
      'quiet and verbose',
      () => ['-q', '-v', 'x'],
      /^error: option '-q, --quiet' cannot be used with option '-v, --verbose'\n/,
    ],
    [
      'mistyped outcome',
      () => ['--fail-on', 'hnug', 'x'],
      "error: --fail-on: there is no outcome 'hnug'\nhelp: did you mean 'hung'?\n",
    ],
    ['no time', () => ['--until', 'noon', 'x'], /^error: --until: 'noon' is not a time\nhelp: write 2026/],
    ['from after to', () => ['--from', '@9', '--to', '@8', 'x'], 'error: --from is later than --to\n'],
    [
      'bad colour',
      () => ['--color', 'blue', 'x'],
      /^error: option '--color <when>' argument 'blue' is invalid/,
    ],
    ['option without value', () => ['-o'], /^error: option '-o, --output <file>' argument missing\n/],
    [
      'output into no folder',
      () => ['-o', at('no', 'x'), at('client.pcap')],
      /^error: .*x: there is no folder /,
    ],
    [
      'missing journal',
      () => ['--journal', `node-b=${at('nope.log')}`, at('client.pcap')],
      /^error: .*nope\.log: no such file or folder\n$/,
    ],
    [
      'journal without file',
      () => ['--journal', 'node-b=', at('client.pcap')],
      "error: --journal node-b=: no file after '='\n",
    ],
    [
      'journal on standard input',
      () => ['--journal', 'node-b=-', at('client.pcap')],
      'error: --journal: standard input is for a capture\nhelp: name a file, or <(COMMAND)\n',
    ],
    [
      'folder as a journal',
      () => ['--journal', at('nothing'), at('client.pcap')],
      /nothing: is a folder\nhelp: /,
    ],
    [
      'capture as a journal',
      () => ['--journal', at('server.pcap.gz'), at('client.pcap')],
      /^error: .*server\.pcap\.gz: this is no text, so no journal\nhelp: captures are named without --journal\n$/,
    ],
    [
      'journal that decompresses to more than anybody wrote',
      () => ['--journal', at('bomb.log.gz'), at('client.pcap')],
      /^error: .*bomb\.log\.gz: more than 64 MiB of text\nhelp: cut it/,
    ],
    ['journal without a capture', () => ['--journal', at('a=b.log')], /^error: no capture is given\n/],
    [
      'zone without a journal',
      () => ['--journal-zone', '+01:00', at('client.pcap')],
      'error: --journal-zone needs a --journal\n',
    ],
    [
      'no zone',
      () => ['--journal-zone', 'CET', at('client.pcap')],
      /^error: --journal-zone: 'CET' is no time zone\n/,
    ],
    [
      'journal of another command',
      () => ['explain', '--journal', 'x', 'outage'],
      /^error: unknown option '--journal'\n/,
    ],
    [
      'output onto a journal',
      () => ['-o', at('a=b.log'), '--journal', at('a=b.log'), at('client.pcap')],
      /is one of the inputs and would be overwritten\nhelp: name another file\n$/,
    ],
    [
      'output onto a capture',
      () => ['-o', at('client.pcap'), at('client.pcap')],
      /would be overwritten\nhelp: name another file\n$/,
    ],
  ])('%s', async (_, args, expected) => {
    const { code, stdout, stderr } = await run(args());
    expect(stderr).toMatch(expected);
    if (typeof expected === 'string') expect(stderr).toBe(expected);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test('a bug asks for a report, in two lines; the stack only on demand', async () => {
    const args = ['--flow', 'a bug', at('client.pcap')];
    const { code, stdout, stderr } = await run(args);
    expect(stderr).toMatch(
      /^error: internal error: cannot read this of undefined\nhelp: this is a bug; please report it .*\n$/,
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect((await run(args, { env: { STALLSCOPE_DEBUG: '1' } })).stderr).toContain('\n    at ');
  });

  test('standard input that is no capture, and never ends', async () => {
    const { code, stderr } = await run(['-'], { stdin: 'y\n'.repeat(5_000_000) });
    expect(stderr).toMatch(/^error: standard input: this is no pcap or pcapng file/);
    expect(code).toBe(2);
    expect(await run(['-'], { stdin: '' })).toMatchObject({ code: 2 });
  });

  test.skipIf(!existsSync('/dev/full'))('an output device that is full', async () => {
    const { code, stderr } = await run(['-o', '/dev/full', at('client.pcap')]);
    expect(stderr).toBe('error: /dev/full: cannot be written (ENOSPC)\n');
    expect(code).toBe(2);
  });

  test('hostile file names are shown, not obeyed', async () => {
    const { stderr } = await run(['evil\x1b[2J\n.pcap']);
    expect(stderr).toBe('error: evil\\x1b[2J\\x0a.pcap: no such file or folder\n');
  });
});
