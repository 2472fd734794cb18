/** What is under the pointer. Beside it, and on the other side where there is no room; never under it. */
import { useLayoutEffect, useRef } from 'react';
import type { Hit } from './scene.ts';

const AWAY = 14;

export function Tooltip({ hit, x, y }: { hit: Hit; x: number; y: number }) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    const parent = element?.offsetParent;
    if (element === null || !(parent instanceof HTMLElement)) return;
    const fitsRight = x + AWAY + element.offsetWidth <= parent.clientWidth;
    const left = fitsRight ? x + AWAY : Math.max(0, x - AWAY - element.offsetWidth);
    const top = Math.min(y + AWAY, Math.max(0, parent.clientHeight - element.offsetHeight - 2));
    element.style.left = `${left}px`;
    element.style.top = `${top}px`;
  });
  const [head, ...rest] = hit.lines;
  return (
    <div className="view-tooltip" ref={box} aria-hidden="true">
      <strong>{head}</strong>
      {rest.map((line) => (
        <span key={line}>{line}</span>
      ))}
    </div>
  );
}
