import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The objects that are asked for, so many: enough that no request is the same as the one before. */
export const OBJECTS = 200;
export const DIRECTORY = '000000000000000000000000000b0b0b';
/** Connections of every measurement. */
export const CONNECTIONS = 64;

export function pathOf(number: number): string {
  return `/${DIRECTORY}/${number.toString(16).padStart(32, '0')}`;
}

/** Scripts for wrk: one that asks for the objects in turn, one that puts new ones of `putSize` bytes without end. */
export function writeScripts(folder: string, putSize: number): { get: string; put: string } {
  const get = join(folder, 'get.lua');
  writeFileSync(
    get,
    `local requests, at = {}, 0
init = function()
  for k = 0, ${OBJECTS - 1} do requests[k] = wrk.format("GET", string.format("/${DIRECTORY}/%032x", k)) end
end
request = function()
  at = (at + 7) % ${OBJECTS}
  return requests[at]
end
`,
  );
  const put = join(folder, 'put.lua');
  writeFileSync(
    put,
    `local body, at, run = string.rep("x", ${putSize}), 0, 0
init = function() run = os.time() % 65536 end
request = function()
  at = at + 1
  local path = string.format("/%032x/%08x%024x", ${putSize}, run, at)
  return wrk.format("PUT", path, { ["Content-Type"] = "image/png" }, body)
end
`,
  );
  return { get, put };
}
