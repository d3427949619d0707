// Loaded before the server (`node --import`): its clock is that of the system plus the milliseconds that stand in a file now.
import { readFileSync } from "node:fs";

const file = process.env.USHER_TEST_CLOCK;
const { now } = Date;
const offset = () => {
  try {
    return Number(readFileSync(file, "utf8")) || 0;
  } catch {
    return 0; // no file yet: no shift
  }
};
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(now() + offset());
    else super(...given);
  }
  static now() {
    return now() + offset();
  }
};
