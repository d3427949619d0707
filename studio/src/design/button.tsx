import type { ComponentChildren, JSX } from "preact";
import { Icon, type IconName } from "./icon.tsx";

type Native = Omit<JSX.IntrinsicElements["button"], "class" | "icon">;

/** A button with words. `accent`: the one thing that a view is for. */
export function Button({
  look = "plain",
  icon,
  children,
  ...native
}: Native & { look?: "plain" | "accent" | "quiet"; icon?: IconName; children: ComponentChildren }) {
  return (
    <button type="button" {...native} class={`button is-${look}`}>
      {icon && <Icon name={icon} size={18} />}
      <span>{children}</span>
    </button>
  );
}

/** A button that is a picture; its name is read out and shown on hover. `isOn` makes it one that stays pressed. */
export function IconButton({
  name,
  icon,
  isOn,
  look = "",
  ...native
}: Native & { name: string; icon: IconName; isOn?: boolean; look?: string }) {
  const pressed = isOn === undefined ? {} : { "aria-pressed": isOn };
  return (
    <button
      type="button"
      {...native}
      {...pressed}
      aria-label={name}
      title={name}
      class={`icon-button ${look} ${isOn ? "is-on" : ""}`}
    >
      <Icon name={icon} isFilled={isOn ?? false} />
    </button>
  );
}
