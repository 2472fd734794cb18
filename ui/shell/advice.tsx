/** What to do: the sentence, the setting it changes, and what that would have done to this stall. */
import type { Advice } from '../../analyzer/index.ts';
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
