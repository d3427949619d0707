/** Drawn on 24 × 24, by lines; `filled` ones are areas. */
const paths = {
  heart: "M12 20s-7.5-4.6-7.5-10A4.3 4.3 0 0 1 12 7.2 4.3 4.3 0 0 1 19.5 10c0 5.4-7.5 10-7.5 10z",
  star: "M12 4l2.5 5.2 5.5.8-4 4 1 5.6-5-2.7-5 2.7 1-5.6-4-4 5.5-.8z",
  bookmark: "M7 4h10v16l-5-4-5 4z",
  not: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM6.5 6.5l11 11",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L20 20",
  person: "M12 4.5a3.75 3.75 0 1 0 0 7.5 3.75 3.75 0 0 0 0-7.5zM4.5 20c.8-4 3.8-6 7.5-6s6.7 2 7.5 6",
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6L6 18",
  left: "M14.5 5.5L8 12l6.5 6.5",
  right: "M9.5 5.5L16 12l-6.5 6.5",
  home: "M4 11l8-7 8 7v9h-5.5v-5.5h-5V20H4z",
  system: "M4 6h16v5H4zM4 13h16v5H4zM7 8.5h.01M7 15.5h.01",
  keyboard: "M3 7h18v10H3zM6.5 10h.01M10 10h.01M13.5 10h.01M17 10h.01M8 14h8",
  item: "M6 4h12v16H6zM9 8h6M9 11h6",
  spark: "M12 3v5M12 16v5M3 12h5M16 12h5",
  check: "M5 12.5l4.5 4.5L19 7.5",
  model: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM12 12l8-4.5M12 12v9M12 12L4 7.5",
  data: "M5 6c0-3 14-3 14 0v12c0 3-14 3-14 0zM5 6c0 3 14 3 14 0M5 12c0 3 14 3 14 0",
  flow: "M4 5h6v5H4zM14 14h6v5h-6zM7 10v6.5h7",
  chart: "M4 20h16M7 20v-6M12 20V6M17 20v-9",
  key: "M8 9a4 4 0 1 0 .1 0M11.5 11L20 4M17 6.5l2.5 2.5",
} as const;

export type IconName = keyof typeof paths;

/** A picture that says nothing by itself: what it means stands beside it, or in the name of its button. */
export function Icon({
  name,
  isFilled = false,
  size = 20,
}: {
  name: IconName;
  isFilled?: boolean;
  size?: number;
}) {
  return (
    <svg
      class={`icon ${isFilled ? "is-filled" : ""}`}
      viewBox="0 0 24 24"
      width={size}
      height={size}
      aria-hidden="true"
    >
      <path d={paths[name]} />
    </svg>
  );
}
