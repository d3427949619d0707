/** A shape of a generated cover, on a sheet of 200 × 300 (music: 200 × 200). */
export interface Shape {
  readonly tag: "circle" | "rect" | "path";
  readonly at: Readonly<Record<string, string | number>>;
}

/** What a generated cover looks like; the same item always looks the same. */
export interface CoverArt {
  readonly ground: readonly [string, string];
  readonly shapes: readonly Shape[];
}

interface Brush {
  /** 0..1, the next of a sequence that depends on the item alone. */
  next(): number;
  /** A colour of the palette. @param light 0 = dark .. 1 = light */
  ink(light: number, alpha?: number): string;
  readonly height: number;
}

type Motif = (brush: Brush) => Shape[];

const circle = (cx: number, cy: number, r: number, fill: string): Shape => ({
  tag: "circle",
  at: { cx, cy, r, fill },
});
const path = (d: string, fill: string): Shape => ({ tag: "path", at: { d, fill } });
const ring = (cx: number, cy: number, r: number, stroke: string, width: number): Shape => ({
  tag: "circle",
  at: { cx, cy, r, fill: "none", stroke, "stroke-width": width },
});
const several = (count: number, make: (at: number) => Shape): Shape[] =>
  Array.from({ length: count }, (_, at) => make(at));

const sun: Motif = ({ next, ink, height }) => {
  const [x, y] = [50 + next() * 100, height * (0.28 + next() * 0.14)];
  const hills = several(4, (at) => {
    const top = height * (0.46 + at * 0.12);
    const [a, b] = [next() * 40, next() * 40];
    return path(
      `M0 ${top + a} Q60 ${top - 24 + b} 110 ${top + 10} T200 ${top + b - 12} V${height} H0z`,
      ink(0.42 - at * 0.11),
    );
  });
  return [circle(x, y, 34 + next() * 16, ink(0.95)), ...hills];
};

const rings: Motif = ({ next, ink, height }) => {
  const [x, y] = [40 + next() * 120, height * (0.25 + next() * 0.2)];
  const orbits = several(6, (at) =>
    ring(x, y, 30 + at * 24, ink(0.8 - at * 0.1, 0.9 - at * 0.1), 1.5 + next() * 5),
  );
  const stars = several(14, () =>
    circle(next() * 200, next() * height * 0.8, 0.6 + next() * 1.4, ink(1, 0.9)),
  );
  return [...stars, ...orbits, circle(x, y, 17, ink(0.95))];
};

const blades: Motif = ({ next, ink, height }) => {
  const lean = (50 + next() * 90) * (next() < 0.5 ? 1 : -1);
  const count = 3 + Math.floor(next() * 4);
  const gap = 290 / count;
  const from = lean > 0 ? -60 : 0;
  return several(count, (at) => {
    const x = from + at * gap + next() * gap * 0.5;
    return path(
      `M${x} ${height} L${x + lean} 0 h${14 + next() * gap * 0.6} L${x + gap * 0.4} ${height}z`,
      ink(0.2 + ((at * 3) % 5) * 0.17, 0.92),
    );
  });
};

const skyline: Motif = ({ next, ink, height }) => {
  const towers = several(9, (at) => {
    const top = height * (0.28 + next() * 0.34);
    return {
      tag: "rect",
      at: { x: at * 24 - 8, y: top, width: 22, height: height - top, fill: ink(0.08 + next() * 0.16) },
    };
  });
  const windows = several(26, () => ({
    tag: "rect",
    at: {
      x: 4 + Math.floor(next() * 24) * 8,
      y: height * 0.45 + Math.floor(next() * 12) * 10,
      width: 3,
      height: 4,
      fill: ink(0.95, 0.85),
    },
  }));
  return [circle(40 + next() * 120, height * 0.2, 22, ink(0.85)), ...towers, ...windows] as Shape[];
};

const confetti: Motif = ({ next, ink, height }) =>
  several(26, (at) => {
    const [x, y, size] = [next() * 200, next() * height * 0.75, 6 + next() * 22];
    if (at % 3 === 0) return circle(x, y, size / 2, ink(0.5 + next() * 0.5, 0.95));
    if (at % 3 === 1) return ring(x, y, size / 2, ink(0.8, 0.9), 2 + next() * 4);
    return path(
      `M${x} ${y} h${size} a${size / 2} ${size / 2} 0 0 1 ${-size} 0z`,
      ink(0.35 + next() * 0.6, 0.95),
    );
  });

/** Quarters of discs on a grid, each turned by chance. */
const tiles: Motif = ({ next, ink, height }) => {
  const across = next() < 0.5 ? 3 : 4;
  const size = 200 / across;
  const shown = several(across * Math.ceil(height / size), (at) => {
    const [x, y] = [(at % across) * size, Math.floor(at / across) * size];
    const fill = ink([0.22, 0.45, 0.7, 0.95][Math.floor(next() * 4)] ?? 0.5);
    const corners = [
      `M${x} ${y} h${size} a${size} ${size} 0 0 1 ${-size} ${size}z`,
      `M${x + size} ${y} v${size} a${size} ${size} 0 0 1 ${-size} ${-size}z`,
      `M${x + size} ${y + size} h${-size} a${size} ${size} 0 0 1 ${size} ${-size}z`,
      `M${x} ${y + size} v${-size} a${size} ${size} 0 0 1 ${size} ${size}z`,
    ];
    return path(corners[Math.floor(next() * 4)] ?? "", fill);
  });
  return shown.filter(() => next() < 0.86);
};

const petals: Motif = ({ next, ink, height }) => {
  const [y, gap, turn] = [height * (0.3 + next() * 0.12), 22 + next() * 26, next() * Math.PI];
  const [dx, dy] = [Math.cos(turn) * gap, Math.sin(turn) * gap];
  const veil = several(4, (at) => ring(100, y, 84 + at * 22, ink(0.7, 0.22), 1.2));
  const [left, right] = [44 + next() * 24, 44 + next() * 24];
  return [
    ...veil,
    circle(100 - dx, y - dy, left, ink(0.75, 0.85)),
    circle(100 + dx, y + dy, right, ink(0.5, 0.75)),
  ];
};

const moon: Motif = ({ next, ink, height }) => {
  const [x, y] = [60 + next() * 80, height * (0.24 + next() * 0.08)];
  const trees = several(8, (at) => {
    const [foot, top] = [at * 28 - 6 + next() * 14, height * (0.3 + next() * 0.3)];
    return path(
      `M${foot} ${height} L${foot + 3} ${top} L${foot + 9} ${height}z M${foot + 4} ${top + 40} l${-20 + next() * 40} -22 2 4z`,
      ink(0.03),
    );
  });
  return [circle(x, y, 46, ink(0.9)), circle(x + 12, y - 7, 40, ink(0.55, 0.35)), ...trees];
};

const waves: Motif = ({ next, ink, height }) =>
  several(7, (at) => {
    const y = height * (0.16 + at * 0.12);
    const swing = 14 + next() * 20;
    return path(
      `M0 ${y} C50 ${y - swing} 70 ${y + swing} 110 ${y} S170 ${y - swing} 200 ${y} V${height} H0z`,
      ink(0.85 - at * 0.12, 0.9),
    );
  });

const arcs: Motif = ({ next, ink, height }) => {
  const [x, y] = [next() < 0.5 ? next() * 30 : 200 - next() * 30, height * (0.12 + next() * 0.6)];
  const [count, gap] = [4 + Math.floor(next() * 4), 24 + next() * 22];
  const bow = several(count, (at) => circle(x, y, (count - at) * gap, ink(0.14 + (at / count) * 0.8)));
  return [
    ...bow,
    circle(
      x < 100 ? 130 + next() * 50 : 20 + next() * 50,
      height * (0.08 + next() * 0.3),
      5 + next() * 10,
      ink(0.95),
    ),
  ];
};

const grooves: Motif = ({ next, ink, height }) => {
  const [x, y] = [100 + (next() - 0.5) * 90, height * (0.4 + next() * 0.2)];
  const lines = several(11, (at) =>
    ring(x, y, 34 + at * 8, ink(0.5 + (at % 3) * 0.16, 0.55), 1.1 + (at % 2)),
  );
  return [circle(x, y, 124, ink(0.06)), ...lines, circle(x, y, 28, ink(0.85)), circle(x, y, 5, ink(0.05))];
};

/** Words of genres → motif and hue (0..360). Of those that fit an item one is drawn. */
const moods: readonly (readonly [RegExp, Motif, number])[] = [
  [/rock|metal|punk|rap|hip|pop|jazz|electro|dance|folk|soul|blues|classical|indie/i, grooves, 300],
  [/horror|gothic/i, moon, 352],
  [/sci|fantasy|space|superhero/i, rings, 224],
  [/crime|thriller|mystery|noir|suspense/i, skyline, 205],
  [/romance|poetry/i, petals, 338],
  [/animation|children|famil|kids/i, confetti, 38],
  [/comedy|humor|humour/i, tiles, 22],
  [/action|war|sport/i, blades, 8],
  [/adventure|western|travel/i, sun, 28],
  [/music|documentary|nature/i, waves, 178],
  [/drama|history|biograph|novel/i, arcs, 262],
];
const others: readonly Motif[] = [arcs, waves, sun, rings, blades, petals, tiles];

/** Makes the picture of an item that has none, from what is known of it. @param height 300, of music 200. */
export function coverArt(item: { item_id: string; genres: readonly string[] }, height: number): CoverArt {
  const next = sequence(item.item_id);
  const words = item.genres.join(" ");
  const drawn = <One>(from: readonly One[]) => from[Math.floor(next() * from.length)];
  const [, motif, hue] = drawn(moods.filter(([mood]) => mood.test(words))) ?? [];
  const chosen = motif ?? drawn(others) ?? arcs;
  const turned = ((hue ?? next() * 360) + (next() - 0.5) * 84 + 360) % 360;
  const second = turned + (next() < 0.5 ? 34 : -40);
  const ink = (light: number, alpha = 1) => {
    const [h, s, l] = [light > 0.6 ? second : turned, 46 + light * 26, 9 + light * 66];
    return `hsl(${h.toFixed(0)} ${s.toFixed(0)}% ${l.toFixed(0)}% / ${alpha.toFixed(2)})`;
  };
  return { ground: [ink(0.4), ink(0.1)], shapes: chosen({ next, ink, height }) };
}

/** Numbers 0..1 that follow from a text: an FNV hash, then mulberry32. */
function sequence(text: string): () => number {
  let state = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
