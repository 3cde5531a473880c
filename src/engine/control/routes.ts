import type {
  Health,
  LeaveAnswer,
  Limits,
  NodeRecord,
  NodeReport,
  PurgeAnswer,
  PurgeRequest,
  Stats,
} from '../protocol/control.ts';

/** New limits, already read: bytes, bytes a second; null lifts a cap; what is absent stays. */
export interface LimitsPatch {
  readonly upload_cap?: number | null;
  readonly download_cap?: number | null;
  readonly memory?: number;
}

/** What a face answers at its control port. Each may throw or reject with a PotluckError, which becomes the answer. */
export interface ControlRoutes {
  /** GET /nodes. */
  nodes(): NodeRecord[];
  /** GET /api/v1/nodes. */
  apiNodes(): NodeReport[];
  health(): Health;
  stats(): Stats;
  limits(): Limits;
  /** Applies them live and says what holds then. */
  setLimits(patch: LimitsPatch): Promise<Limits>;
  /** Absent: POTLUCK_NOT_IMPLEMENTED; a peer is purged by its manager. */
  purge?(request: PurgeRequest): Promise<PurgeAnswer>;
  /** Begins to leave and answers at once; it must not wait for the end, which takes this server with it. */
  leave(request: { cold: boolean }): Promise<LeaveAnswer>;
  /** Prometheus text; absent: 404. */
  metrics?(): string;
}
