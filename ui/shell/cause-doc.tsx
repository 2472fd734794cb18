/** The page of a cause, on demand, below the explanation. */
import { useState } from 'react';
import type { CauseId } from '../../analyzer/index.ts';
import { causeDoc } from '../data/cause-docs.ts';
import { type Block, type Inline, parseMarkdown } from '../data/markdown.ts';

interface CauseDocProps {
  cause: CauseId;
  /** What stands on the closed page. */
  children: React.ReactNode;
}

/** The text is read when it is opened: a flow may have twenty candidates. */
export function CauseDoc({ cause, children }: CauseDocProps): React.JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const source = causeDoc(cause);
  if (source === null) return <div>{children}</div>;
  return (
    <details className="doc" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{children}</summary>
      {isOpen && <Markdown source={source} />}
    </details>
  );
}

export function Markdown({ source }: { source: string }): React.JSX.Element {
  const blocks = parseMarkdown(source);
  // The page's title is the summary above.
  const shown = blocks[0]?.kind === 'heading' && blocks[0].level === 1 ? blocks.slice(1) : blocks;
  return (
    <div className="prose">
      {shown.map((block, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a text that never changes
        <BlockView key={i} block={block} />
      ))}
    </div>
  );
}

function BlockView({ block }: { block: Block }): React.JSX.Element {
  switch (block.kind) {
    case 'heading':
      return (
        <h4>
          <Text parts={block.text} />
        </h4>
      );
    case 'code':
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll, by key as well
        <pre className="mono" tabIndex={0}>
          {block.text}
        </pre>
      );
    case 'list':
      return (
        <ul>
          {block.items.map((item, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: as above
            <li key={i}>
              <Text parts={item} />
            </li>
          ))}
        </ul>
      );
    case 'paragraph':
      return (
        <p>
          <Text parts={block.text} />
        </p>
      );
  }
}

function Text({ parts }: { parts: readonly Inline[] }): React.JSX.Element {
  return (
    <>
      {parts.map((part, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: as above
        <Part key={i} part={part} />
      ))}
    </>
  );
}

function Part({ part }: { part: Inline }): React.ReactNode {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'code':
      return <code>{part.text}</code>;
    case 'strong':
      return <strong>{part.text}</strong>;
    case 'link':
      return (
        <a href={part.href} rel="noreferrer" target="_blank">
          {part.text}
        </a>
      );
  }
}
