/**
 * Files into the page: the whole window takes what is dropped, and a button does the same for the
 * keyboard. On an incident's page of files they are added to it, anywhere else they become a new one.
 * The trap: `dragleave` fires for every child that is passed; only a count of enters and leaves tells.
 */
import { useEffect, useRef, useState } from 'react';
import { AFRESH, go, route } from '../state/address.ts';
import { useAtom } from '../state/atom.ts';
import {
  cancelUpload,
  clearUploads,
  explain,
  sendFiles,
  type Upload,
  uploadError,
  uploads,
} from '../state/uploads.ts';
import { readDroppedFiles } from './dropped-files.ts';
import { formatBytes } from './units.ts';

/** Sends the files and shows the step of the vantages. */
export async function takeFiles(files: readonly File[]): Promise<void> {
  const { page, incident } = route.get();
  const id = await sendFiles(files, page === 'files' ? incident : null);
  // Whoever went elsewhere meanwhile stays there.
  if (id !== null && (route.get().page === 'list' || route.get().incident === id)) {
    go({ ...AFRESH, page: 'files', incident: id });
  }
}

const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;

/** Whoever closes the page while something is on its way is asked. */
function useLeaveGuard(): void {
  const isBusy = useAtom(uploads).some(({ state }) => state === 'sending' || state === 'waiting');
  useEffect(() => {
    if (!isBusy) return;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [isBusy]);
}

export function DropTarget(): React.JSX.Element | null {
  const [depth, setDepth] = useState(0);
  const { page } = useAtom(route);
  useLeaveGuard();
  useEffect(() => {
    const over = (event: DragEvent): void => {
      if (hasFiles(event)) event.preventDefault();
    };
    const enter = (event: DragEvent): void => {
      if (hasFiles(event)) setDepth((now) => now + 1);
    };
    const leave = (event: DragEvent): void => {
      if (hasFiles(event)) setDepth((now) => Math.max(0, now - 1));
    };
    const drop = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setDepth(0);
      if (event.dataTransfer === null) return;
      readDroppedFiles(event.dataTransfer).then(takeFiles, (error: unknown) =>
        uploadError.set(explain(error)),
      );
    };
    const listeners = { dragover: over, dragenter: enter, dragleave: leave, drop } as const;
    for (const [name, listener] of Object.entries(listeners))
      addEventListener(name, listener as EventListener);
    return () => {
      for (const [name, listener] of Object.entries(listeners))
        removeEventListener(name, listener as EventListener);
    };
  }, []);
  if (depth === 0) return null;
  return (
    <div className="drop-here">
      {page === 'files' ? 'Drop to add to this incident' : 'Drop the captures and journals of one incident'}
    </div>
  );
}

export function FileButton({ label, main = false }: { label: string; main?: boolean }): React.JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" className={main ? 'button-main' : ''} onClick={() => input.current?.click()}>
        {label}
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={label}
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          event.target.value = '';
          void takeFiles(files);
        }}
      />
    </>
  );
}

/** What is on its way, each with its own way to stop it. */
export function Uploads(): React.JSX.Element | null {
  const list = useAtom(uploads);
  const error = useAtom(uploadError);
  const { page } = useAtom(route);
  const isBusy = list.some(({ state }) => state === 'sending' || state === 'waiting');
  const isWorthSaying = isBusy || list.some(({ state }) => state === 'failed');
  if (error === null && (list.length === 0 || (page === 'files' && !isWorthSaying))) return null;
  return (
    <section className="uploads" aria-label="Uploads">
      {error !== null && (
        <p className="problem" role="alert">
          {error}
        </p>
      )}
      {list.map((upload) => (
        <UploadRow key={upload.key} upload={upload} />
      ))}
      {!isBusy && list.length > 0 && (
        <button type="button" className="button-plain" onClick={clearUploads}>
          Clear
        </button>
      )}
    </section>
  );
}

function UploadRow({ upload }: { upload: Upload }): React.JSX.Element {
  const { key, name, size, sent, state, error } = upload;
  const isOpen = state === 'waiting' || state === 'sending';
  return (
    <div className="upload">
      <span title={name}>{name}</span>
      {error === null ? (
        <progress value={size === 0 ? 1 : sent} max={size || 1} aria-label={`Upload of ${name}`} />
      ) : (
        <span className="problem">{error}</span>
      )}
      <span className="num muted">
        {state === 'sending'
          ? `${formatBytes(sent)} of ${formatBytes(size)}`
          : state === 'done'
            ? formatBytes(size)
            : state}
      </span>
      {isOpen && (
        <button type="button" aria-label={`Cancel the upload of ${name}`} onClick={() => cancelUpload(key)}>
          Cancel
        </button>
      )}
    </div>
  );
}
