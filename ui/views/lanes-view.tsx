/** The lanes of one flow: each vantage and direction, time to the right, packets followed from lane to lane. */
import { useCallback, useEffect } from 'react';
import type { FlowDetail, IncidentDetail } from '../../server/api.ts';
import { journeysOf } from '../data/journeys.ts';
import { useAtom } from '../state/atom.ts';
import { idleCompressed, ruler, swapped } from '../state/incident.ts';
import { selection } from '../state/selection.ts';
import { CanvasHost } from './canvas-host.tsx';
import { EdgeClaims, type EdgeFacts } from './edge-claims.tsx';
import { frameMenu } from './frame-menu.ts';
import { LaneTable } from './lane-table.tsx';
import { LanesScene } from './lanes-scene.ts';
import { Legend } from './legend.tsx';
import { listenForCommands } from './navigation.ts';
import type { Hit, Target } from './scene.ts';
import { tilesOf } from './sources.ts';
import { EmptyView, useFailure, useScene, ViewFrame } from './view-frame.tsx';
import type { FlowViewProps } from './view-props.ts';

export const KEYS_HELP =
  'W and S zoom, A and D pan, period and comma step from event to event, E goes to the next problem, ' +
  'up and down follow a packet from vantage to vantage.';

const SWITCHES = [
  { label: 'Tear out idle', keys: 'Z', value: idleCompressed },
  { label: 'Ruler', keys: 'R', value: ruler },
  { label: 'Swap sides', keys: 'X', value: swapped },
];

export function LanesView({ incident, flow }: FlowViewProps) {
  if (flow === null) return <EmptyView title="Loading the flow…" />;
  if (incident.timeline === null || flow.lanes.length === 0)
    return <EmptyView title="No capture holds a frame of this flow." />;
  return <FlowLanes key={`${incident.revision}/${flow.flow.id}`} incident={incident} flow={flow} />;
}

function FlowLanes({ incident, flow }: { incident: IncidentDetail; flow: FlowDetail }) {
  const make = useCallback(() => new LanesScene(incident, flow), [incident, flow]);
  const scene = useScene(make);
  const journeys = useAtom(journeysOf(incident, flow));
  const failure = useFailure(scene, tilesOf(incident));
  useEffect(() => scene?.setJourneys(journeys.list), [scene, journeys]);
  useEffect(() => {
    if (scene === null) return;
    const journeysNow = () => journeysOf(incident, flow).get().list;
    return listenForCommands({ scene, journeys: journeysNow }, true);
  }, [scene, incident, flow]);
  const onPick = useCallback(({ frame }: Hit) => selection.set({ kind: 'frame', frame }), []);
  if (scene === null) return <EmptyView title="Lanes" />;
  return (
    <ViewFrame
      name="Lanes"
      switches={SWITCHES}
      legend={<Legend of="lanes" />}
      note={journeys.state === 'loading' ? 'following packets…' : undefined}
      failure={failure}
      table={() => <LaneTable incident={incident} specs={scene.specs} finder={scene.finder} />}
    >
      <CanvasHost
        scene={scene}
        label="Lanes of this flow: each vantage and direction, time to the right"
        help={KEYS_HELP}
        onPick={onPick}
        menu={(hit, time) => frameMenu(incident, hit, time)}
        popover={(target, close) => popoverOf(incident, scene, target, close)}
      />
    </ViewFrame>
  );
}

/** The claims of the edge that was pressed. */
export function popoverOf(
  incident: IncidentDetail,
  scene: { edges(): readonly EdgeFacts[] },
  target: Target,
  close: () => void,
) {
  const edge = target.press.kind === 'edge' ? scene.edges()[target.press.index] : undefined;
  return edge === undefined ? null : <EdgeClaims incident={incident} edge={edge} close={close} />;
}
