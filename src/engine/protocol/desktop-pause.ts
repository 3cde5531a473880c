const HOUR = 60 * 60 * 1000;
/** Hour of the morning at which a pause until tomorrow is over: whoever says it late in the evening means the next day all the same. */
const MORNING = 6;

/** When a pause of one hour ends; milliseconds since 1970, as `now`. */
export function inOneHour(now: number): number {
  return now + HOUR;
}

/** When a pause until tomorrow ends, by the wall clock of this machine; milliseconds since 1970, as `now`. */
export function untilTomorrow(now: number): number {
  const date = new Date(now);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + 1, MORNING).getTime();
}
