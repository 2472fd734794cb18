/** The commands by name: for help, completion and "did you mean". */
export const COMMANDS = {
  analyze: 'diagnose captures; the same as naming them without a command',
  open: 'diagnose captures, keep them, and open the web page at the finding',
  serve: 'the web page with all incidents that are kept',
  export: 'write what is known of an incident that is kept to a file: postmortem or report',
  collect: 'capture on this host for weeks, and keep what matters when something happens',
  gateway: 'run a node of the HA pair, or ask one that runs',
  lab: 'real failovers between network namespaces, with the truth beside the diagnosis',
  explain: 'what a cause means, how to recognise it, what to do; without CAUSE: the list',
  advise: 'timeouts and retries of clients for an outage of so long; needs no capture',
  frames: 'a line a TCP frame: number, stream, flags as tshark names them (tab-separated)',
  schema: 'print the JSON Schema of what --json prints',
  completion: 'print the completion script of a shell',
  help: 'display help for a command',
} as const;

export const COMMAND_NAMES = Object.keys(COMMANDS);
