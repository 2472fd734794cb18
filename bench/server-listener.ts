/**
 * A page that listens while an incident is analysed: it must be told the state at once, and the end of the analysis in time.
 * The trap: `fetch` gives chunks, not events; one event may come in two of them.
 */
import { type Asking, count, inWords } from './server-requests.ts';

/** How much later than a client that asks again and again a listener may hear of the end. */
const LATE_MS = 10_000;

export interface Listener {
  /** Waits for the word of that state where it has not come yet, and ends. Null: nobody knows it. */
  end(state: string | null): Promise<void>;
}

export function listen(asking: Asking, incident: string): Listener {
  const { tally, limitMs, gone, origin } = asking;
  const leave = new AbortController();
  const said: string[] = [];
  let heard = (): void => {};
  const fail = (why: string): void => {
    if (!gone.aborted) tally.wrong.push(`events: ${why}`);
  };

  async function read(): Promise<void> {
    const began = performance.now();
    const first = AbortSignal.timeout(limitMs);
    const late = (): void => leave.abort(first.reason);
    first.addEventListener('abort', late);
    try {
      const signal = AbortSignal.any([gone, leave.signal]);
      const response = await fetch(`${origin}/api${incident}/events`, { signal });
      if (response.status !== 200) return fail(`${response.status} instead of 200`);
      let text = '';
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        const events = text.split('\n\n');
        text = events.pop() ?? '';
        const states = events.flatMap(stateOf);
        if (said.length === 0 && states.length > 0) {
          first.removeEventListener('abort', late);
          count(tally, 'events, the first', performance.now() - began);
        }
        said.push(...states);
        heard();
      }
    } catch (error) {
      // Left on purpose, once all had been heard.
      if (!leave.signal.aborted || leave.signal.reason === first.reason) fail(inWords(error, limitMs));
    } finally {
      first.removeEventListener('abort', late);
    }
  }

  const reading = read();
  return {
    async end(state) {
      const heardAll = new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(false), LATE_MS);
        heard = () => {
          if (said.at(-1) !== state) return;
          clearTimeout(timer);
          resolve(true);
        };
        heard();
        void reading.then(() => heard());
      });
      if (state !== null && !(await heardAll))
        fail(`the last one told of ${said.at(-1) ?? 'nothing'}, the incident is ${state}`);
      leave.abort();
      await reading;
    },
  };
}

/** The state that an event of that name tells; of others, none. */
function stateOf(event: string): string[] {
  const data = /^event: state\ndata: (.*)$/m.exec(event)?.[1];
  return data === undefined ? [] : [(JSON.parse(data) as { state: string }).state];
}
