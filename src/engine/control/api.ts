import type { FastifyInstance } from 'fastify';
import { PotluckError } from '../base/errors.ts';
import { MIN_MEMORY } from '../base/settings-check.ts';
import { parseRate, parseSize, ValueError } from '../base/settings-values.ts';
import {
  type LeaveRequest,
  LeaveRequestSchema,
  type LimitsChange,
  LimitsChangeSchema,
  type PurgeRequest,
  PurgeRequestSchema,
} from '../protocol/control.ts';
import { alertsOf } from './alerts.ts';
import type { ControlRoutes, LimitsPatch } from './routes.ts';

/** Puts the endpoints of the contract's control port before a face's answers. */
export function mountApi(app: FastifyInstance, routes: ControlRoutes): void {
  app.get('/health', () => routes.health());
  app.get('/nodes', () => ({ nodes: routes.nodes() }));
  app.get('/api/v1/nodes', () => ({ nodes: routes.apiNodes() }));
  app.get('/api/v1/stats', () => routes.stats());
  app.get('/api/v1/alerts', () => ({ alerts: alertsOf(routes.stats()) }));
  app.get('/api/v1/limits', () => routes.limits());
  app.post<{ Body: LimitsChange }>('/api/v1/limits', { schema: { body: LimitsChangeSchema } }, (request) =>
    routes.setLimits(limitsPatch(request.body)),
  );
  app.post<{ Body: PurgeRequest }>('/api/v1/purge', { schema: { body: PurgeRequestSchema } }, (request) => {
    if (routes.purge === undefined) throw new PotluckError('POTLUCK_NOT_IMPLEMENTED', 'ask the manager to purge');
    return routes.purge(request.body);
  });
  app.post<{ Body: LeaveRequest }>('/api/v1/leave', { schema: { body: LeaveRequestSchema } }, (request, reply) => {
    reply.code(202);
    return routes.leave({ cold: request.body.cold === true });
  });
  const { metrics } = routes;
  if (metrics !== undefined) {
    app.get('/metrics', (_request, reply) => {
      reply.type('text/plain; version=0.0.4; charset=utf-8');
      return metrics.call(routes);
    });
  }
}

/** Reads the values of a change: numbers as they are, strings as on the command line. Throws POTLUCK_BAD_BODY. */
export function limitsPatch(change: LimitsChange): LimitsPatch {
  const { upload_cap, download_cap, memory } = change;
  return {
    ...(upload_cap !== undefined && { upload_cap: rate('upload_cap', upload_cap) }),
    ...(download_cap !== undefined && { download_cap: rate('download_cap', download_cap) }),
    ...(memory !== undefined && { memory: size('memory', memory) }),
  };
}

function rate(name: string, value: string | number | null): number | null {
  return typeof value === 'string' ? read(name, value, parseRate) : value;
}

function size(name: string, value: string | number): number {
  const bytes = typeof value === 'number' ? value : read(name, value, parseSize);
  if (bytes < MIN_MEMORY) throw new PotluckError('POTLUCK_BAD_BODY', `${name}: at least 4M is needed`);
  return bytes;
}

function read(name: string, text: string, parse: (text: string) => number): number {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new PotluckError('POTLUCK_BAD_BODY', `${name}: ${error.message}`);
  }
}
