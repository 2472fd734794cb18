/**
 * Why a flow is what it is: cause, timing, claims with their frames, what was ruled out, what would
 * decide, what to do. Says what the report says and adds nothing.
 */
import {
  CAUSE_PHRASES,
  type CauseId,
  describeEvidence,
  type Flow,
  flowFilters,
  OUTCOME_PHRASES,
  type RequestSeen,
  type Stuck,
  wiresharkFilters,
} from '../../analyzer/index.ts';
import { flowToMarkdown } from '../data/copy.ts';
import { AFRESH, linkTo } from '../state/address.ts';
import { useAtom } from '../state/atom.ts';
import { runCommand } from '../state/keymap.ts';
import { selection } from '../state/selection.ts';
import { AdviceList, TimerList } from './advice.tsx';
import { CopyButton, Menu, Time } from './bits.tsx';
import { CauseDoc } from './cause-doc.tsx';
import { ClaimList, FrameLink } from './claims.tsx';
import { OutcomeWord, toneOf } from './icons.tsx';
import { Timing } from './timing.tsx';
import { type CaptureNames, formatEndpoint, formatNumber, nameOf } from './units.ts';

/** The likeliest; the others are a click away. */
const MOST_CANDIDATES = 5;

interface ExplanationProps {
  flow: Flow;
  names: CaptureNames;
}

export function Explanation({ flow, names }: ExplanationProps): React.JSX.Element {
  const chosen = useAtom(selection);
  const current = chosen.kind === 'claim' && chosen.flow === flow.id ? chosen.index : null;
  const cause = flow.cause ?? null;
  return (
    <div className="explanation">
      <header>
        <div className="row">
          <span className={`verdict ${toneOf(flow.outcome)}`}>
            <OutcomeWord outcome={flow.outcome} />
          </span>
          <h2 className="mono">
            {cause ?? (flow.outcome === 'unaffected' ? 'no cause' : 'no single cause')}
          </h2>
          <span className="push muted">confidence {flow.confidence}</span>
        </div>
        <p className="lead">{cause === null ? OUTCOME_PHRASES[flow.outcome] : CAUSE_PHRASES[cause]}</p>
        <Buttons flow={flow} names={names} />
      </header>
      <Timing flow={flow} names={names} />
      {flow.claims.length > 0 && (
        <section aria-labelledby="evidence">
          <h3 id="evidence">
            Evidence <span className="keys-hint">J K</span>
          </h3>
          <ClaimList
            claims={flow.claims}
            names={names}
            current={current}
            onChoose={(index) => selection.set({ kind: 'claim', flow: flow.id, index })}
          />
        </section>
      )}
      <Open flow={flow} />
      <Rest flow={flow} names={names} />
      {cause !== null && (
        <CauseDoc cause={cause}>
          About <span className="mono">{cause}</span>
        </CauseDoc>
      )}
    </div>
  );
}

function Buttons({ flow, names }: ExplanationProps): React.JSX.Element {
  const frames = [...wiresharkFilters(flow)];
  const whole = [...flowFilters(flow)];
  return (
    <div className="row">
      <CopyButton label="Copy Markdown" text={() => flowToMarkdown(flow, names, location.href)} />
      <Menu label="Copy Wireshark filter">
        {whole.map(([filter, captures]) => (
          <CopyButton
            key={filter}
            label={`Whole flow: ${captures.map((id) => nameOf(id, names)).join(', ')}`}
            text={() => filter}
          />
        ))}
        {frames.map(([capture, filter]) => (
          <CopyButton key={capture} label={`Its evidence: ${nameOf(capture, names)}`} text={() => filter} />
        ))}
      </Menu>
      <button type="button" onClick={() => runCommand('pin')}>
        Pin <kbd>B</kbd>
      </button>
    </div>
  );
}

/** Where the captures do not decide: what is left, and what would. */
function Open({ flow }: { flow: Flow }): React.JSX.Element | null {
  const candidates = flow.cause === null ? flow.candidates : [];
  if (candidates.length === 0 && flow.splitBy.length === 0) return null;
  return (
    <>
      {candidates.length > 0 && (
        <section>
          <h3>Candidates, likeliest first</h3>
          <CandidateList causes={candidates.slice(0, MOST_CANDIDATES)} />
          {candidates.length > MOST_CANDIDATES && (
            <details>
              <summary className="muted">and {candidates.length - MOST_CANDIDATES} more</summary>
              <CandidateList causes={candidates.slice(MOST_CANDIDATES)} />
            </details>
          )}
        </section>
      )}
      {flow.splitBy.length > 0 && (
        <section>
          <h3>Would decide it</h3>
          <ul className="lines">
            {flow.splitBy.map((id) => (
              <li key={id}>{describeEvidence(id)}</li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function CandidateList({ causes }: { causes: readonly CauseId[] }): React.JSX.Element {
  return (
    <ol className="lines">
      {causes.map((id) => (
        <li key={id}>
          <CauseDoc cause={id}>
            <b className="mono">{id}</b> {CAUSE_PHRASES[id]}
          </CauseDoc>
        </li>
      ))}
    </ol>
  );
}

function Rest({ flow, names }: ExplanationProps): React.JSX.Element {
  return (
    <>
      <Facts flow={flow} names={names} />
      {flow.advice.length > 0 && (
        <section>
          <h3>Next</h3>
          <AdviceList advice={flow.advice} />
        </section>
      )}
      {flow.timers !== undefined && <TimerList timers={flow.timers} />}
      {flow.ruledOut.length > 0 && (
        <details>
          <summary>
            <h3>Ruled out</h3> <span className="muted num">{flow.ruledOut.length}</span>
          </summary>
          <ul className="lines">
            {flow.ruledOut.map(({ cause, because }) => (
              <li key={`${cause} ${because}`}>
                <span className="mono">{cause}</span> <span className="muted">{because}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

/** What a flow that still waits is waiting for, in the words of the text report. */
function stuckRows({ by, bytes, givesUp, waitUntil, why }: Stuck): [string, React.ReactNode][] {
  const rows: [string, React.ReactNode][] = [];
  if (bytes !== null && bytes > 0) rows.push(['Stuck', `${formatNumber(bytes)} B of the ${by}`]);
  if (givesUp !== null)
    rows.push([
      'Gives up',
      <span key="end">
        the {by}, at <Time at={givesUp} /> (Linux)
      </span>,
    ]);
  const until = waitUntil !== null && (
    <>
      until <Time at={waitUntil} />:{' '}
    </>
  );
  rows.push([
    'Wait',
    <span key="wait">
      {until}
      {why}
    </span>,
  ]);
  return rows;
}

function describeRequest({ method, answered, idempotent }: RequestSeen): string {
  const response = answered ? 'its response had begun' : 'its response had not begun';
  return `${method}, ${response}; ${idempotent ? 'idempotent' : 'not idempotent'} by its method`;
}

function Facts({ flow, names }: ExplanationProps): React.JSX.Element | null {
  const { endedBy, replacedBy, translated = [], legs = [], contributing, stuck, request } = flow;
  const rows: [string, React.ReactNode][] = [];
  if (contributing.length > 0) rows.push(['Contributing', contributing.join(', ')]);
  if (endedBy !== undefined) {
    const who = endedBy.who === 'unknown' ? 'an unknown sender' : `the ${endedBy.who.replace('-', ' ')}`;
    rows.push([
      'Ended by',
      <span key="end">
        {endedBy.how} from {who}, {nameOf(endedBy.frame.capture, names)}{' '}
        <FrameLink frame={endedBy.frame} names={names} />
      </span>,
    ]);
  }
  if (stuck !== undefined) rows.push(...stuckRows(stuck));
  if (request !== undefined) rows.push(['Request', describeRequest(request)]);
  if (replacedBy !== undefined) {
    const href = linkTo({ ...AFRESH, page: 'flow', flow: replacedBy });
    rows.push([
      'Replaced by',
      <a key="next" className="mono" href={href}>
        {replacedBy}
      </a>,
    ]);
  }
  if (translated.length > 0) rows.push(['Translated to', translated.map(formatEndpoint).join(', ')]);
  for (const [i, leg] of legs.entries()) {
    const where = leg.seenAt.map((id) => nameOf(id, names)).join(', ');
    rows.push([
      i === 0 ? "Client's leg" : "Server's leg",
      `${formatEndpoint(leg.client)} → ${formatEndpoint(leg.server)}, seen at ${where}`,
    ]);
  }
  if (rows.length === 0) return null;
  return (
    <dl className="facts">
      {rows.map(([name, value]) => (
        <div key={name} className="fact">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
