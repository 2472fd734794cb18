/** The header: where one is, the pages of the incident, and what is always at hand. */

import { useState } from 'react';
import { type ExportName, exportAddress, fileAddress } from '../data/api.ts';
import { AFRESH, linkTo, route } from '../state/address.ts';
import { useAtom } from '../state/atom.ts';
import { incident } from '../state/incident.ts';
import { runCommand } from '../state/keymap.ts';
import { pins } from '../state/pins.ts';
import type { Page } from '../state/route.ts';
import { type Theme, theme } from '../state/theme.ts';
import { describeMode, timeBase, timeMode } from '../state/time.ts';
import { CopyButton, Menu } from './bits.tsx';
import { Mark } from './icons.tsx';
import { formatNumber } from './units.ts';

export function Top(): React.JSX.Element {
  const { incident: id } = useAtom(route);
  return (
    <header className="top">
      <a className="brand" href="#/">
        <Mark />
        Stallscope
      </a>
      {id !== '' && <IncidentNav />}
      <div className="top-tools">
        {id !== '' && <IncidentTools />}
        <ThemeButton />
        <button type="button" className="button-plain" onClick={() => runCommand('palette')}>
          <span className="wide-only">Commands</span> <kbd>Ctrl K</kbd>
        </button>
        <button
          type="button"
          className="button-plain"
          aria-label="Help and keys"
          onClick={() => runCommand('help')}
        >
          <kbd>?</kbd>
        </button>
      </div>
    </header>
  );
}

function IncidentNav(): React.JSX.Element {
  const now = useAtom(route);
  const open = useAtom(incident);
  const pinned = useAtom(pins);
  const flows = open?.flows ?? null;
  const tabs: [Page, string, number | null][] = [
    ['overview', 'Overview', null],
    ['flows', 'Flows', flows],
    ['files', 'Files', open?.files ?? null],
    ['pins', 'Pins', pinned.length],
  ];
  return (
    <>
      <span className="crumb">{open?.title ?? ''}</span>
      <nav className="tabs" aria-label="Incident">
        {tabs.map(([page, label, amount]) => (
          <a
            key={page}
            href={linkTo({ ...AFRESH, page })}
            aria-current={now.page === page || (page === 'flows' && now.page === 'flow') ? 'page' : undefined}
          >
            {label}
            {amount !== null && <span className="muted num">{formatNumber(amount)}</span>}
          </a>
        ))}
      </nav>
    </>
  );
}

function IncidentTools(): React.JSX.Element {
  const mode = useAtom(timeMode);
  const base = useAtom(timeBase);
  return (
    <>
      <button
        type="button"
        onClick={() => runCommand('time-mode')}
        aria-label={`Times: ${describeMode(mode, base)}. Change`}
      >
        <span className="muted wide-only">Times</span> {describeMode(mode, base)}
      </button>
      <CopyButton label="Copy link" text={() => location.href} />
      <ExportMenu />
    </>
  );
}

interface ExportEntry {
  readonly name: ExportName;
  readonly label: string;
  /** Of the annotated capture: frames that nothing is said of too. */
  readonly every?: true;
}

const EXPORT_ENTRIES: readonly ExportEntry[] = [
  { name: 'report.json', label: 'Report, JSON' },
  { name: 'flows.csv', label: 'Flows, CSV' },
  { name: 'flows.jsonl', label: 'Flows, a JSON line each' },
  { name: 'incident.md', label: 'Postmortem, Markdown' },
  { name: 'incident.html', label: 'Postmortem, HTML' },
  { name: 'annotated.pcapng', label: 'Annotated capture, pcapng' },
  { name: 'annotated.pcapng', label: 'Annotated capture, every frame', every: true },
];

function ExportMenu(): React.JSX.Element | null {
  const open = useAtom(incident);
  const [redact, setRedact] = useState(false);
  if (open === null) return null;
  return (
    <Menu label="Export">
      {open.report !== null && (
        <label className="menu-check">
          <input type="checkbox" checked={redact} onChange={(event) => setRedact(event.target.checked)} />
          Without addresses and names
        </label>
      )}
      {open.report !== null &&
        EXPORT_ENTRIES.map(({ name, label, every = false }) => (
          <a
            key={label}
            href={exportAddress(open.id, name, { redact, every })}
            download={redact ? `redacted-${name}` : `${open.id}-${name}`}
          >
            {label}
          </a>
        ))}
      {/* Whoever wants no names wants no originals either. */}
      {(redact ? [] : open.storedFiles).map((file) => (
        <a key={file.id} href={fileAddress(open.id, file.id)} download={file.name}>
          {`Original: ${file.name}`}
        </a>
      ))}
    </Menu>
  );
}

const THEME_WORDS: Record<Theme, string> = { system: 'Auto', light: 'Light', dark: 'Dark' };

/** What is written on it is part of its name: people who speak to their computer say what they see. */
function ThemeButton(): React.JSX.Element {
  const word = THEME_WORDS[useAtom(theme)];
  return (
    <button
      type="button"
      className="button-plain"
      onClick={() => runCommand('theme')}
      aria-label={`Colours: ${word}. Change`}
    >
      {word}
    </button>
  );
}
