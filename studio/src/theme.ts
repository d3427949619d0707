import { keptCell } from "./cell.ts";

export const themes = ["auto", "dark", "light"] as const;
export type Theme = (typeof themes)[number];

/** What was chosen. */
export const theme = keptCell<Theme>("usher.theme", "auto", () => localStorage);

const isLight = matchMedia("(prefers-color-scheme: light)");

/** What that comes to now. */
export const shownTheme = (): "dark" | "light" =>
  theme.value === "auto" ? (isLight.matches ? "light" : "dark") : theme.value;

const apply = () => {
  document.documentElement.dataset["theme"] = shownTheme();
};

/** Shows the theme from now on. Dark, unless somebody or their system says light. */
export function openTheme(): void {
  apply();
  theme.subscribe(apply);
  isLight.addEventListener("change", apply);
}
