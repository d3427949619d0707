import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";

/** Views of which one is shown. Arrows go from tab to tab; which one is shown is the caller's, so that an address can say it. */
export function Tabs<Name extends string>({
  label,
  tabs,
  shown,
  onShow,
  children,
}: {
  label: string;
  tabs: readonly { readonly name: Name; readonly label: string }[];
  shown: Name;
  onShow: (name: Name) => void;
  children: ComponentChildren;
}) {
  const id = useId();
  const row = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const at = (tabs.findIndex(({ name }) => name === shown) + step + tabs.length) % tabs.length;
    const next = tabs[at];
    if (!next) return;
    onShow(next.name);
    (row.current?.children[at] as HTMLElement | undefined)?.focus();
  };
  return (
    <div class="tabs">
      <div ref={row} role="tablist" aria-label={label} class="tabs-row" onKeyDown={onKeyDown}>
        {tabs.map(({ name, label: words }) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`${id}-${name}`}
            aria-selected={name === shown}
            aria-controls={`${id}-panel`}
            tabIndex={name === shown ? 0 : -1}
            onClick={() => onShow(name)}
          >
            {words}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${shown}`}>
        {children}
      </div>
    </div>
  );
}
