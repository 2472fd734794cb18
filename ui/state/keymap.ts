/**
 * Every command of the page with its keys: the help, the palette and the key handler are made from
 * this one table. Keys are places on the keyboard (`KeyboardEvent.code`), not letters, so that
 * W A S D stay together on every layout; `?` and `/` are what people type, so they go by `key`.
 * Who carries a command out says so with `onCommand`; the handler that came last is asked first.
 */

/** `flow`: on a flow's page; `list`: in the flow table; `time`: wherever a timeline is shown. */
export type Scope = 'everywhere' | 'incident' | 'list' | 'flow' | 'time';

export interface Command {
  readonly id: string;
  readonly label: string;
  readonly scope: Scope;
  /** `KeyW`, `Shift+ArrowLeft`, `Ctrl+KeyK`; `key:/` goes by what is typed. */
  readonly keys: readonly string[];
}

const command = <Id extends string>(id: Id, label: string, scope: Scope, ...keys: string[]) => ({
  id,
  label,
  scope,
  keys,
});

export const COMMANDS = [
  command('zoom-in', 'Zoom in at the cursor', 'time', 'KeyW', 'Equal', 'Shift+Equal', 'NumpadAdd'),
  command('zoom-out', 'Zoom out', 'time', 'KeyS', 'Minus', 'NumpadSubtract'),
  command('pan-left', 'Earlier', 'time', 'KeyA', 'ArrowLeft'),
  command('pan-right', 'Later', 'time', 'KeyD', 'ArrowRight'),
  command('pan-left-far', 'Earlier by a screen', 'time', 'Shift+KeyA', 'Shift+ArrowLeft'),
  command('pan-right-far', 'Later by a screen', 'time', 'Shift+KeyD', 'Shift+ArrowRight'),
  command('fit', 'Show all', 'time', 'Digit0', 'Numpad0'),
  command('centre', 'Centre the selection; again: fit it', 'time', 'KeyF'),
  command('previous-zoom', 'Previous zoom', 'time', 'Backspace'),
  command('next-event', 'Next event in the lane', 'time', 'Period'),
  command('previous-event', 'Previous event in the lane', 'time', 'Comma'),
  command('next-vantage', 'Same packet at the next vantage', 'time', 'ArrowDown'),
  command('previous-vantage', 'Same packet at the previous vantage', 'time', 'ArrowUp'),
  command('next-problem', 'Next problem', 'time', 'KeyE'),
  command('next-flow', 'Next flow of the filter', 'flow', 'KeyN'),
  command('previous-flow', 'Previous flow of the filter', 'flow', 'KeyP'),
  command('next-evidence', 'Next evidence', 'flow', 'KeyJ'),
  command('previous-evidence', 'Previous evidence', 'flow', 'KeyK'),
  command('open-evidence', 'Select the first frame of the evidence', 'flow', 'Enter', 'NumpadEnter'),
  command('next-row', 'Next flow', 'list', 'KeyJ', 'ArrowDown'),
  command('previous-row', 'Previous flow', 'list', 'KeyK', 'ArrowUp'),
  command('first-row', 'First flow', 'list', 'Home'),
  command('last-row', 'Last flow', 'list', 'End'),
  command('page-down', 'A page of flows down', 'list', 'PageDown'),
  command('page-up', 'A page of flows up', 'list', 'PageUp'),
  command('open-row', 'Open the flow', 'list', 'Enter', 'NumpadEnter'),
  command('preview-row', 'Preview the flow', 'list', 'Space'),
  command('mark-row', 'Mark the flow for copying', 'list', 'KeyM'),
  command('copy-rows', 'Copy the marked flows, else this one', 'list', 'KeyC'),
  command('lanes', 'Lanes', 'flow', 'Digit1', 'Numpad1'),
  command('ladder', 'Ladder', 'flow', 'Digit2', 'Numpad2'),
  command('time-sequence', 'Time-sequence graph', 'flow', 'Digit3', 'Numpad3'),
  command('swap', 'Swap direction', 'flow', 'KeyX'),
  command('ruler', 'Ruler: time, bytes, rate', 'time', 'KeyR'),
  command('idle', 'Tear out idle gaps', 'time', 'KeyZ'),
  command('panel', 'Explanation panel', 'flow', 'KeyQ'),
  command('time-mode', 'Time: from T0, UTC, from start of flow', 'incident', 'KeyT'),
  command('go-to-frame', 'Go to a frame, such as client:4120', 'incident', 'KeyG'),
  command('pin', 'Pin to the postmortem', 'incident', 'KeyB'),
  command('filter', 'Filter flows', 'incident', 'key:/'),
  command('files', 'Files and clocks', 'incident'),
  command('pins', 'Pinned for the postmortem', 'incident'),
  command('overview', 'Overview of the incident', 'incident'),
  command('flows', 'All flows', 'incident'),
  command('incidents', 'List of incidents', 'everywhere'),
  command('theme', 'Light, dark, as the system', 'everywhere'),
  command('palette', 'Commands', 'everywhere', 'Ctrl+KeyK', 'Ctrl+Shift+KeyP'),
  command('help', 'This help', 'everywhere', 'key:?', 'F1'),
  command('escape', 'Clear the selection, then close the panel', 'everywhere', 'Escape'),
] as const satisfies readonly Command[];

export type CommandId = (typeof COMMANDS)[number]['id'];

/** Says that it did nothing by `false`: then the one before is asked. */
export type Handler = () => unknown;

const handlers = new Map<CommandId, Handler[]>();

/** Carries `id` out as long as it is not ended. @returns what ends that */
export function onCommand(id: CommandId, handler: Handler): () => void {
  const list = handlers.get(id) ?? [];
  list.push(handler);
  handlers.set(id, list);
  return () => {
    const at = list.indexOf(handler);
    if (at >= 0) list.splice(at, 1);
  };
}

/** Several at once, for an effect. */
export function onCommands(map: Partial<Record<CommandId, Handler>>): () => void {
  const ends = Object.entries(map).map(([id, handler]) => onCommand(id as CommandId, handler));
  return () => {
    for (const end of ends) end();
  };
}

/** @returns false where nobody does that now */
export function runCommand(id: CommandId): boolean {
  const list = handlers.get(id) ?? [];
  return [...list].reverse().some((handler) => handler() !== false);
}

export function canRun(id: CommandId): boolean {
  return (handlers.get(id)?.length ?? 0) > 0;
}

export interface KeyPress {
  readonly code: string;
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** The commands of a key, in the order of the table: one key means different things in different places. */
export function commandsOf(press: KeyPress): Command[] {
  if (press.altKey) return [];
  const held = press.ctrlKey || press.metaKey;
  const place = `${held ? 'Ctrl+' : ''}${press.shiftKey ? 'Shift+' : ''}${press.code}`;
  const typed = COMMANDS.filter(
    ({ keys }) => !held && (keys as readonly string[]).includes(`key:${press.key}`),
  );
  if (typed.length > 0) return typed;
  return COMMANDS.filter(({ keys }) => (keys as readonly string[]).includes(place));
}

/** Keys belong to what is typed into; with Ctrl, and Escape, to the page. */
export function isTyping(target: EventTarget | null, press: KeyPress): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (press.ctrlKey || press.metaKey || press.key === 'Escape' || press.code === 'F1') return false;
  if (target.isContentEditable) return true;
  const { tagName } = target;
  if (tagName === 'TEXTAREA' || tagName === 'SELECT') return true;
  return tagName === 'INPUT' && !['checkbox', 'radio', 'button'].includes((target as HTMLInputElement).type);
}

/** A button or link does what its own keys say. */
function isOwnKey(target: EventTarget | null, press: KeyPress): boolean {
  if (!['Enter', 'NumpadEnter', 'Space'].includes(press.code) || !(target instanceof HTMLElement))
    return false;
  return target.closest('button, a[href], summary, [role="button"], [role="tab"]') !== null;
}

/** Listens for keys on the whole page. @returns what ends that */
export function listenForKeys(): () => void {
  const listener = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing) return;
    if (isTyping(event.target, event) || isOwnKey(event.target, event)) return;
    for (const { id } of commandsOf(event)) {
      if (!runCommand(id as CommandId)) continue;
      event.preventDefault();
      return;
    }
  };
  document.addEventListener('keydown', listener);
  return () => document.removeEventListener('keydown', listener);
}
