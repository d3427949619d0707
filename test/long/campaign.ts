/** `npm run test:long -- --sample` runs a few rounds of each campaign, chosen by a seed: the day's, or USHER_CAMPAIGN_SEED. */
export const isSample: boolean = process.env["USHER_LONG"] === "sample";

/** The same seed gives the same rounds; it is printed in the names of the tests. */
export const campaignSeed: number = Number(
  process.env["USHER_CAMPAIGN_SEED"] ?? (isSample ? Math.floor(Date.now() / 86_400_000) : 1),
);

/** How many rounds of a campaign to run. */
export function rounds(whole: number, sample: number): number {
  return isSample ? sample : whole;
}
