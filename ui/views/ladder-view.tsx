/** One packet a row, a column a vantage, time downward. */
import { useCallback, useEffect } from 'react';
import type { FlowDetail, IncidentDetail } from '../../server/api.ts';
import { journeysOf, retryJourneys } from '../data/journeys.ts';
import { sameFrame } from '../data/located.ts';
import { grouped } from '../draw/words.ts';
import { useAtom } from '../state/atom.ts';
import { onCommands } from '../state/keymap.ts';
import { selection } from '../state/selection.ts';
import { CanvasHost } from './canvas-host.tsx';
import { frameMenu } from './frame-menu.ts';
import { JourneyTable } from './journey-table.tsx';
import { LadderScene } from './ladder-scene.ts';
import { popoverOf } from './lanes-view.tsx';
import { Legend } from './legend.tsx';
import type { Hit } from './scene.ts';
import { EmptyView, useScene, ViewFrame } from './view-frame.tsx';
import type { FlowViewProps } from './view-props.ts';

const HELP =
  'Period and comma step from packet to packet, E goes to the next that is not ordinary, ' +
  'up and down go to the same packet at another vantage.';

export function LadderView({ incident, flow }: FlowViewProps) {
  if (flow === null) return <EmptyView title="Loading the flow…" />;
  if (flow.journeys === 0)
    return (
      <EmptyView title="The packets of this flow were not followed from vantage to vantage.">
        <p>Its frames are in the lanes and in the time-sequence graph.</p>
      </EmptyView>
    );
  return <Ladder key={`${incident.revision}/${flow.flow.id}`} incident={incident} flow={flow} />;
}

function Ladder({ incident, flow }: { incident: IncidentDetail; flow: FlowDetail }) {
  const make = useCallback(() => new LadderScene(incident, flow), [incident, flow]);
  const scene = useScene(make);
  const journeys = useAtom(journeysOf(incident, flow));
  useEffect(() => {
    if (scene === null) return;
    return onCommands({
      'next-event': () => scene.step(1, false),
      'previous-event': () => scene.step(-1, false),
      'next-problem': () => scene.step(1, true),
      'next-vantage': () => scene.stepVantage(1),
      'previous-vantage': () => scene.stepVantage(-1),
      'pan-left': () => scene.page(-0.25),
      'pan-right': () => scene.page(0.25),
      'pan-left-far': () => scene.page(-1),
      'pan-right-far': () => scene.page(1),
    });
  }, [scene]);
  const chosen = useAtom(selection);
  const isElsewhere =
    journeys.state === 'ready' &&
    chosen.kind === 'frame' &&
    !journeys.list.some(({ stops }) => stops.some(({ frame }) => sameFrame(frame ?? null, chosen.frame)));
  const onPick = useCallback(({ frame }: Hit) => selection.set({ kind: 'frame', frame }), []);
  if (scene === null) return <EmptyView title="Ladder" />;
  return (
    <ViewFrame
      name="Ladder"
      switches={[]}
      legend={<Legend of="ladder" />}
      note={isElsewhere ? `${noteOf(journeys)}; the selected frame is not among them` : noteOf(journeys)}
      failure={
        journeys.error === null
          ? null
          : { message: journeys.error.message, retry: () => retryJourneys(incident, flow) }
      }
      table={() => <JourneyTable incident={incident} journeys={journeys.list} />}
    >
      <CanvasHost
        scene={scene}
        label="Ladder of this flow: a packet a row, a column a vantage"
        help={HELP}
        onPick={onPick}
        menu={(hit, time) => frameMenu(incident, hit, time)}
        popover={(target, close) => popoverOf(incident, scene, target, close)}
      />
    </ViewFrame>
  );
}

function noteOf({ list, total, state, cut }: ReturnType<ReturnType<typeof journeysOf>['get']>): string {
  if (state === 'loading') return `loading packets: ${grouped(list.length)} of ${grouped(total)}`;
  return cut
    ? `the first ${grouped(list.length)} of ${grouped(total)} packets`
    : `${grouped(list.length)} packets`;
}
