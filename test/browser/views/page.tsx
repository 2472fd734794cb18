/** One view alone on a page, by the address: `?view=lanes&theme=dark`. */
import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import type { FlowDetail, IncidentDetail } from '../../../server/api.ts';
import { getFlow, getIncident } from '../../../ui/data/api.ts';
import { useAtom } from '../../../ui/state/atom.ts';
import { incident as incidentAtom, openFlow, VIEWS, view } from '../../../ui/state/incident.ts';
import { listenForKeys } from '../../../ui/state/keymap.ts';
import { selection, spoken } from '../../../ui/state/selection.ts';
import { startTheme, theme } from '../../../ui/state/theme.ts';
import { timeBase, toTimeline } from '../../../ui/state/time.ts';
import { setWhole, viewport } from '../../../ui/state/viewport.ts';
import { LadderView, LanesView, OverviewLanes, TimeSequenceView } from '../../../ui/views/index.ts';
import '../../../ui/shell/css/tokens.css';

const query = new URLSearchParams(location.search);

function Page({ incident, flow }: { incident: IncidentDetail; flow: FlowDetail }) {
  const shown = useAtom(view);
  const words = useAtom(spoken);
  const chosen = useAtom(selection);
  const { from, to } = useAtom(viewport);
  const props = { incident, flow };
  return (
    <>
      <h1 style={{ position: 'absolute', clipPath: 'inset(50%)' }}>Views</h1>
      <div style={{ height: '92vh' }}>
        {query.get('view') === 'overview' ? (
          <OverviewLanes incident={incident} />
        ) : shown === 'ladder' ? (
          <LadderView {...props} />
        ) : shown === 'time-sequence' ? (
          <TimeSequenceView {...props} />
        ) : (
          <LanesView {...props} />
        )}
      </div>
      <output aria-live="polite" id="spoken">
        {words}
      </output>
      <output id="selected" hidden>
        {JSON.stringify(chosen)}
      </output>
      <output id="window" hidden>
        {JSON.stringify({ from, to })}
      </output>
    </>
  );
}

function App() {
  const [loaded, setLoaded] = useState<{ incident: IncidentDetail; flow: FlowDetail } | null>(null);
  useEffect(() => {
    void load(query.get('incident') ?? 'made-up', query.get('flow') ?? 'f1').then(setLoaded);
  }, []);
  return loaded === null ? <p>Loading</p> : <Page {...loaded} />;
}

async function load(id: string, flowId: string): Promise<{ incident: IncidentDetail; flow: FlowDetail }> {
  const incident = await getIncident(id);
  const flow = await getFlow(id, flowId);
  const { timeline, report } = incident;
  const origin = BigInt(timeline?.origin ?? 0);
  const base = { origin, zero: null, flow: null };
  const lost = report?.failovers[0]?.pathLost;
  timeBase.set({
    origin,
    zero: lost === undefined ? null : toTimeline(lost, base),
    flow: toTimeline(flow.flow.start, base),
  });
  setWhole({ from: timeline?.from ?? 0, to: timeline?.to ?? 1 });
  const asked = query.get('window')?.split(',').map(Number);
  if (asked !== undefined) viewport.set({ from: asked[0] ?? 0, to: asked[1] ?? 1 });
  incidentAtom.set(incident);
  openFlow.set(flow);
  view.set(VIEWS.find((one) => one === query.get('view')) ?? 'lanes');
  return { incident, flow };
}

startTheme();
theme.set(query.get('theme') === 'dark' ? 'dark' : 'light');
listenForKeys();
const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<App />);
