/** What to do: the sentence, the setting it changes, and what that would have done to this stall. */
import { type Advice, describeFate, type TimerReplay } from '../../analyzer/index.ts';
import { formatDuration } from '../state/time.ts';

export function AdviceList({ advice }: { advice: readonly Advice[] }): React.JSX.Element {
  return (
    <ul className="lines">
      {advice.map((one) => (
        <li key={one.text}>
          {one.text}
          {one.change !== undefined && (
            <div className="mono">
              {one.change.who}: {one.change.setting} = {one.change.value}
            </div>
          )}
          <div className="muted">{describeEffect(one)}</div>
        </li>
      ))}
    </ul>
  );
}

function describeEffect({ effect, safeToRetry }: Advice): string {
  return [
    effect.resumesAfter === undefined ? '' : `would resume after ${formatDuration(effect.resumesAfter)}`,
    effect.failsAfter === undefined ? '' : `would fail after ${formatDuration(effect.failsAfter)}`,
    safeToRetry === undefined ? '' : `safe to retry: ${safeToRetry}`,
  ]
    .filter((text) => text !== '')
    .join('; ');
}

/** What the timers of clients and servers would have done to the stall; a row is two lines, for the panel is narrow. */
export function TimerList({ timers }: { timers: readonly TimerReplay[] }): React.JSX.Element {
  return (
    <details>
      <summary>
        <h3>Timeouts</h3> <span className="muted num">{timers.length}</span>
      </summary>
      <p className="muted">What each would have done, since the stall began</p>
      <ul className="lines">
        {timers.map(({ client, timer, end, delivered, set }) => (
          <li key={`${client} ${timer} ${end}`}>
            {client} <span className="mono">{timer}</span>{' '}
            {end === 'server' && <span className="muted">(at the server) </span>}
            {describeFate(delivered)}
            {set !== undefined && (
              <div className="muted">
                <span className="mono">{set.text}</span> {describeFate(set.fate)}
              </div>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}
