/**
 * `docs/clients.md`, made of the table of clients: defaults with their sources, and what to set for an outage of 30 s.
 * The trap: a page that is written by hand falls behind its table; so a test holds it against this.
 */
import { advise, CLIENTS, type Client, type Timer, type TimerSetting, waitFor } from '../analyzer/index.ts';
import { span } from '../cli/render/client-advice.ts';

/** s. */
const OUTAGES = [15, 30, 60];
const SHOWN = 30;

const HEAD = `# Clients in an outage: defaults, and what to set

Made from the table that \`diagnose advise\` prints (\`analyzer/advice/clients/\`); a test keeps it equal.

An open connection does not go on when the path is back, but at its sender's next try, and the waits between tries double.
A timer that fires in between ends a connection that was about to go on. So there are two good settings: longer than all of
that (*ride through*, where the gateway routes and keeps its state), or short, with tries that last longer than the outage
(*fail fast*, the only one behind a proxy, which loses its connections with the node). [Which requests may be tried
again](answers.md#which-requests-are-safe-to-retry), [is it true](predictions.md).

*Fires after* is the time without an answer until a timer ends the connection, as the client is delivered. \`diagnose advise
--outage 45s --rto 300ms\` computes all of it for another outage; with \`--json\` for programs, spans in seconds.
`;

export function clientsPage(): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const waits = OUTAGES.map((outage) => waitFor(outage, null));
  const goesOn = [
    'goes on',
    ...waits.map(({ resumes }) => (resumes === null ? '-' : `${span(resumes.from)} to ${span(resumes.to)}`)),
  ];
  const opens = [
    'a new one opens, at most',
    ...waits.map(({ connects }) => (connects === null ? '-' : span(connects.to))),
  ];
  const head = ['after the loss', ...OUTAGES.map((outage) => `outage ${outage} s`)];
  const overview = [line(head), line(head.map(() => '---')), line(goesOn), line(opens)].join('\n');
  const fates = CLIENTS.map((client) =>
    line([
      `[${client.id}](#${anchor(client)})`,
      ...waits.map((wait) => {
        const { word, timer } = advise(client, wait, 'routed').byDefault;
        return `${word.replace('-', ' ')}${timer === null ? '' : ` (${timer.name}, ${span(timer.firesAfter ?? 0)})`}`;
      }),
    ]),
  );
  const delivered = [
    line(['as delivered, it', ...OUTAGES.map((outage) => `outage ${outage} s`)]),
    line(head.map(() => '---')),
    ...fates,
  ];
  return [HEAD, overview, '', delivered.join('\n'), '', ...CLIENTS.map(section)].join('\n');
}

/** As GitHub makes it of a heading. */
const anchor = ({ title }: Client): string =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');

function section(client: Client): string {
  const { rideThrough, failFast, retry } = advise(client, waitFor(SHOWN, null), 'routed');
  const rows = client.timers.map(
    (timer) =>
      `| \`${timer.name}\` | ${MEANING[timer.measures]} | ${timer.byDefault} | ${timer.firesAfter === null ? 'never' : span(timer.firesAfter)} | ${link(timer)} |`,
  );
  return `## ${client.title}

Version ${client.version}.

| timer | measures | as delivered | fires after | source |
| --- | --- | --- | --- | --- |
${rows.join('\n')}

- Ride through an outage of ${SHOWN} s: ${settings(rideThrough ?? [])}.
- Fail fast: ${settings(failFast)}.
- And try again: \`${retry.text}\`. As delivered: ${client.retry.byDefault} ([${client.retry.source.title}](${client.retry.source.url})).
${client.notes.map((note) => `- ${note}\n`).join('')}`;
}

const MEANING: Readonly<Record<Timer['measures'], string>> = {
  connect: 'until the connection is open',
  idle: 'silence while it reads',
  send: 'silence while it writes',
  total: 'the whole request',
  keepalive: 'probes without an answer',
  unacknowledged: 'what it sent, unacknowledged',
};

const link = ({ source }: Timer): string => `[${source.title}](${source.url})`;

const settings = (all: readonly TimerSetting[]): string =>
  all.length === 0 ? 'as delivered' : all.map(({ text }) => `\`${text}\``).join(', ');
