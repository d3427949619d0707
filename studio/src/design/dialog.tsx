import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../i18n/i18n.ts";
import { IconButton } from "./button.tsx";

/** A window over the page: the browser's own, which holds the focus, closes by Escape and gives the focus back. */
export function Dialog({
  title,
  look = "centre",
  hasHead = true,
  onClose,
  children,
}: {
  title: string;
  look?: "centre" | "top";
  hasHead?: boolean;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    dialog.current?.showModal();
    const leave = () => dialog.current?.close(); // it belongs to the page below it
    addEventListener("hashchange", leave);
    return () => removeEventListener("hashchange", leave);
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it too
    <dialog
      ref={dialog}
      class={`dialog is-${look}`}
      aria-label={title}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <div class="dialog-body">
        {hasHead && (
          <header class="dialog-head">
            <h2>{title}</h2>
            <IconButton icon="close" name={t("app.close")} onClick={() => dialog.current?.close()} />
          </header>
        )}
        {children}
      </div>
    </dialog>
  );
}
