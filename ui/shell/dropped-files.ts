/**
 * The files of a drop, those in folders, too. The trap: the list of a drop is emptied when its
 * event is over, so all entries are taken before anything is waited for.
 */

/** So many files are no incident but somebody's home folder. */
const MOST_FILES = 500;

export async function readDroppedFiles(transfer: DataTransfer): Promise<File[]> {
  const plain = [...transfer.files];
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (!entries.some((entry) => entry?.isDirectory)) return plain;
  const found: File[] = [];
  for (const entry of entries) if (entry !== null) await collect(entry, found);
  return found;
}

async function collect(entry: FileSystemEntry, found: File[]): Promise<void> {
  // Files of the system's own, such as .DS_Store.
  if (found.length >= MOST_FILES || entry.name.startsWith('.')) return;
  if (entry.isFile) found.push(await fileOf(entry as FileSystemFileEntry));
  else for (const inner of await listFolder(entry as FileSystemDirectoryEntry)) await collect(inner, found);
}

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject));

/** A reader hands out at most a hundred at a time; an empty answer is the end. */
async function listFolder(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return all;
    all.push(...some);
  }
}
