/** A lane a vantage with the frames of all flows, and the failover over them. */
import { useCallback, useEffect } from 'react';
import { idleCompressed, ruler } from '../state/incident.ts';
import { selection } from '../state/selection.ts';
import { CanvasHost } from './canvas-host.tsx';
import { frameMenu } from './frame-menu.ts';
import { LaneTable } from './lane-table.tsx';
import { LanesScene } from './lanes-scene.ts';
import { KEYS_HELP, popoverOf } from './lanes-view.tsx';
import { Legend } from './legend.tsx';
import { listenForCommands } from './navigation.ts';
import type { Hit } from './scene.ts';
import { tilesOf } from './sources.ts';
import { EmptyView, useFailure, useScene, ViewFrame } from './view-frame.tsx';
import type { OverviewProps } from './view-props.ts';

const SWITCHES = [
  { label: 'Tear out idle', keys: 'Z', value: idleCompressed },
  { label: 'Ruler', keys: 'R', value: ruler },
];

export function OverviewLanes({ incident }: OverviewProps) {
  if (incident.timeline === null) return <EmptyView title="There is no timeline yet." />;
  if (incident.timeline.frames === 0) return <EmptyView title="The captures hold no TCP frame." />;
  return <Overview key={incident.revision} incident={incident} />;
}

function Overview({ incident }: OverviewProps) {
  const make = useCallback(() => new LanesScene(incident, null), [incident]);
  const scene = useScene(make);
  const failure = useFailure(scene, tilesOf(incident));
  useEffect(() => {
    if (scene === null) return;
    return listenForCommands({ scene, journeys: () => [] }, false);
  }, [scene]);
  const onPick = useCallback(({ frame }: Hit) => selection.set({ kind: 'frame', frame }), []);
  if (scene === null) return <EmptyView title="Lanes" />;
  return (
    <ViewFrame
      name="Lanes of all flows"
      switches={SWITCHES}
      legend={<Legend of="lanes" />}
      failure={failure}
      table={() => <LaneTable incident={incident} specs={scene.specs} finder={scene.finder} />}
    >
      <CanvasHost
        scene={scene}
        label="Frames of all flows: a lane a vantage, time to the right"
        help={KEYS_HELP}
        onPick={onPick}
        menu={(hit, time) => frameMenu(incident, hit, time)}
        popover={(target, close) => popoverOf(incident, scene, target, close)}
      />
    </ViewFrame>
  );
}
