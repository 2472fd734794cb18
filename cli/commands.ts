/** The commands by name: for help, completion and "did you mean". */
export const COMMANDS = {
  analyze: 'diagnose captures; the same as naming them without a command',
  serve: 'the web timeline, on this machine only unless --host says otherwise',
  explain: 'what a cause means, how to recognise it, what to do; without CAUSE: the list',
  frames: 'a line a TCP frame: number, stream, flags as tshark names them (tab-separated)',
  completion: 'print the completion script of a shell',
  help: 'display help for a command',
} as const;

export const COMMAND_NAMES = Object.keys(COMMANDS);
