/** Sequence numbers over time, in the vocabulary of tcptrace. */
import { useCallback, useEffect } from 'react';
import type { FlowDetail, IncidentDetail } from '../../server/api.ts';
import { journeysOf } from '../data/journeys.ts';
import { idleCompressed, ruler, swapped } from '../state/incident.ts';
import { selection } from '../state/selection.ts';
import { CanvasHost } from './canvas-host.tsx';
import { frameMenu } from './frame-menu.ts';
import { LaneTable } from './lane-table.tsx';
import { KEYS_HELP, popoverOf } from './lanes-view.tsx';
import { Legend } from './legend.tsx';
import { listenForCommands } from './navigation.ts';
import type { Hit } from './scene.ts';
import { overlaid, SequenceScene } from './sequence-scene.ts';
import { tilesOf } from './sources.ts';
import { EmptyView, useFailure, useScene, ViewFrame } from './view-frame.tsx';
import type { FlowViewProps } from './view-props.ts';

const SWITCHES = [
  { label: 'Sender over farthest', value: overlaid },
  { label: 'Tear out idle', keys: 'Z', value: idleCompressed },
  { label: 'Ruler', keys: 'R', value: ruler },
  { label: 'Swap direction', keys: 'X', value: swapped },
];

export function TimeSequenceView({ incident, flow }: FlowViewProps) {
  if (flow === null) return <EmptyView title="Loading the flow…" />;
  if (flow.flow.protocol !== 'tcp')
    return <EmptyView title="This flow is UDP: it has no sequence numbers." />;
  if (incident.timeline === null || flow.lanes.length === 0)
    return <EmptyView title="No capture holds a frame of this flow." />;
  return <Graph key={`${incident.revision}/${flow.flow.id}`} incident={incident} flow={flow} />;
}

function Graph({ incident, flow }: { incident: IncidentDetail; flow: FlowDetail }) {
  const make = useCallback(() => new SequenceScene(incident, flow), [incident, flow]);
  const scene = useScene(make);
  const failure = useFailure(scene, tilesOf(incident));
  useEffect(() => {
    if (scene === null) return;
    const journeys = () => journeysOf(incident, flow).get().list;
    return listenForCommands({ scene, journeys }, true);
  }, [scene, incident, flow]);
  const onPick = useCallback(({ frame }: Hit) => selection.set({ kind: 'frame', frame }), []);
  if (scene === null) return <EmptyView title="Time-sequence graph" />;
  return (
    <ViewFrame
      name="Time-sequence graph"
      switches={SWITCHES}
      legend={<Legend of="graph" />}
      failure={failure}
      table={() => <LaneTable incident={incident} specs={scene.specs} finder={scene.finder} />}
    >
      <CanvasHost
        scene={scene}
        label="Sequence numbers of this flow over time, a panel a vantage"
        help={KEYS_HELP}
        onPick={onPick}
        menu={(hit, time) => frameMenu(incident, hit, time)}
        popover={(target, close) => popoverOf(incident, scene, target, close)}
      />
    </ViewFrame>
  );
}
