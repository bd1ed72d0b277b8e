/** What an encoding has to hold: low <= 0 <= high, since every encoding holds 0 exactly. */
export interface ValueRange {
  readonly low: number;
  readonly high: number;
}
