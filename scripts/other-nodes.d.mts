/** Major versions. */
export const OTHER_NODES: readonly string[];
/** The path of that version's program, installed where it is not there yet. @throws where npm cannot */
export function otherNode(major: string): string;
