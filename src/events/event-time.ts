const dayMs = 86_400_000;
const daysOfMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/** `2026-01-02T03:04:05.678Z`: what stands at each place, `d` for a digit. */
const layout = "dddd-dd-ddTdd:dd:dd.dddZ";

/**
 * The time that an event's `event_ts` names.
 *
 * @returns ms since 1970; NaN where the text is not of the form `2026-01-02T03:04:05.678Z` or names no real moment of the years
 *   1970..9999, such as 30 February, 24:00 or a leap second.
 *
 * Written out because the check of each event waits for it: `Date.parse` takes more (it would accept other forms, and 31 June).
 */
export function eventTimeMs(text: string): number {
  if (text.length !== layout.length) return Number.NaN;
  for (let at = 0; at < layout.length; at++) {
    const unit = text.charCodeAt(at);
    const expected = layout.charCodeAt(at);
    const isRight = expected === 0x64 ? unit >= 0x30 && unit <= 0x39 : unit === expected;
    if (!isRight) return Number.NaN;
  }
  const year = digits(text, 0) * 100 + digits(text, 2);
  const month = digits(text, 5);
  const day = digits(text, 8);
  const hour = digits(text, 11);
  const minute = digits(text, 14);
  const second = digits(text, 17);
  if (year < 1970 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) {
    return Number.NaN;
  }
  if (day > (daysOfMonth[month - 1] ?? 0) + (month === 2 && isLeap(year) ? 1 : 0)) return Number.NaN;
  const ms = digits(text, 20) * 10 + text.charCodeAt(22) - 0x30;
  return daysSince1970(year, month, day) * dayMs + ((hour * 60 + minute) * 60 + second) * 1000 + ms;
}

const digits = (text: string, at: number) =>
  (text.charCodeAt(at) - 0x30) * 10 + text.charCodeAt(at + 1) - 0x30;

const isLeap = (year: number) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

/** Days from 1970-01-01 to a date of the Gregorian calendar. Source: H. Hinnant, "chrono-compatible low-level date algorithms". */
function daysSince1970(year: number, month: number, day: number): number {
  const marchYear = month > 2 ? year : year - 1;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
