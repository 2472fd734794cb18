/**
 * Claims with their evidence: how each is known, the sentence, and links to the frames that show
 * it. Whoever points at a claim lights its frames in every view; whoever clicks one selects it there.
 */
import { useEffect, useRef } from 'react';
import type { Claim, FrameRef } from '../../analyzer/index.ts';
import { useAtom } from '../state/atom.ts';
import { focusFrame } from '../state/focus.ts';
import { pointAt } from '../state/lighting.ts';
import { selection } from '../state/selection.ts';
import { Time } from './bits.tsx';
import { type CaptureNames, formatNumber, groupFrames, nameOf, sameFrame } from './units.ts';

/** More are behind "and N more". */
const MOST_FRAMES = 12;

interface ClaimListProps {
  claims: readonly Claim[];
  names: CaptureNames;
  /** Which one the keys stand on; the claim is then `aria-current`. */
  current?: number | null;
  onChoose?: (index: number) => void;
}

export function ClaimList({ claims, names, current = null, onChoose }: ClaimListProps): React.JSX.Element {
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    if (current !== null) list.current?.children[current]?.scrollIntoView({ block: 'nearest' });
  }, [current]);
  return (
    <ol className="claims" ref={list}>
      {claims.map((claim, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: claims have no other name, and their order is fixed
        <li key={index} aria-current={current === index ? 'true' : undefined}>
          <ClaimRow
            claim={claim}
            names={names}
            onChoose={onChoose === undefined ? null : () => onChoose(index)}
          />
        </li>
      ))}
    </ol>
  );
}

interface ClaimRowProps {
  claim: Claim;
  names: CaptureNames;
  onChoose: (() => void) | null;
}

function ClaimRow({ claim, names, onChoose }: ClaimRowProps): React.JSX.Element {
  const light = (): void => pointAt(claim.frames);
  const dim = (): void => pointAt(null);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: pointing lights what the links in it lead to
    // biome-ignore lint/a11y/useKeyWithClickEvents: J and K choose claims by key
    <div
      className="claim"
      onMouseEnter={light}
      onMouseLeave={dim}
      onFocus={light}
      onBlur={dim}
      onClick={onChoose ?? undefined}
    >
      <span className={`kind kind-${claim.kind}`}>{claim.kind}</span>
      <div>
        <span className="claim-text">{claim.text}</span>
        <Coverage claim={claim} />
        <Evidence claim={claim} names={names} />
      </div>
    </div>
  );
}

/** What makes an absence count. */
function Coverage({ claim: { coverage } }: { claim: Claim }): React.JSX.Element | null {
  if (coverage === undefined) return null;
  return (
    <div className="coverage">
      covered <Time at={coverage.from} /> to <Time at={coverage.to} />: {coverage.why}
    </div>
  );
}

function Evidence({ claim, names }: { claim: Claim; names: CaptureNames }): React.JSX.Element | null {
  const journal = claim.journal ?? [];
  if (claim.frames.length === 0 && journal.length === 0) return null;
  return (
    <div className="evidence">
      {groupFrames(claim.frames).map(({ capture, frames }) => (
        <span key={capture} className="evidence-group">
          {nameOf(capture, names)}
          {frames.slice(0, MOST_FRAMES).map((frame) => (
            <FrameLink key={frame.frame} frame={frame} names={names} />
          ))}
          {frames.length > MOST_FRAMES && <span>and {formatNumber(frames.length - MOST_FRAMES)} more</span>}
        </span>
      ))}
      {journal.map(({ file, line }) => (
        <span key={`${file}:${line}`} className="evidence-group mono">
          {file}:{line}
        </span>
      ))}
    </div>
  );
}

export function FrameLink({ frame, names }: { frame: FrameRef; names: CaptureNames }): React.JSX.Element {
  const chosen = useAtom(selection);
  const isChosen = chosen.kind === 'frame' && sameFrame(chosen.frame, frame);
  return (
    <button
      type="button"
      className="frame-link mono"
      aria-label={`Frame ${frame.frame} of ${nameOf(frame.capture, names)}`}
      aria-pressed={isChosen}
      onClick={(event) => {
        event.stopPropagation();
        void focusFrame(frame);
      }}
    >
      #{frame.frame}
    </button>
  );
}
