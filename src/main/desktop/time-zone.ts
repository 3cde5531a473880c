/**
 * Has the time zone looked up anew, in which a machine may have arrived: V8 keeps the one that it found at its start, until somebody touches
 * TZ. Costs microseconds. Windows tells a program only when it starts; there nothing happens, nor where TZ names the zone.
 */
export function noticeTimeZone(env: NodeJS.ProcessEnv = process.env): void {
  if (env['TZ'] === undefined) delete env['TZ'];
}
