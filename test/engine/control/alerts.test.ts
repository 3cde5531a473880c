import { describe, expect, it } from 'vitest';
import type { DiskReport } from '../../../src/engine/protocol/control.ts';
import { RecordingRoutes, request, STATS, startControl } from './helpers.ts';

const DISK: DiskReport = {
  grant: 1_073_741_824,
  used: 536_870_912,
  entries: 40,
  index_bytes: 4096,
  segments: 4,
  evictions: 0,
  corrupt: 0,
  written: 536_870_912,
  hits: 12,
  writing: true,
};

describe('the alerts of a node', () => {
  it('name a full disk while it is full, and nothing else', async () => {
    const routes = new RecordingRoutes();
    const { server, port } = await startControl(routes);
    const alerts = async (disk: DiskReport | null) => {
      routes.stats = () => ({ ...STATS, store: { ...STATS.store, disk } });
      const { body } = await request(port, 'GET /api/v1/alerts', [`Host: localhost:${port}`]);
      return (JSON.parse(body) as { alerts: { code: string; message: string }[] }).alerts;
    };
    expect(await alerts(null)).toEqual([]);
    expect(await alerts(DISK)).toEqual([]);
    const [full, ...others] = await alerts({ ...DISK, writing: false });
    expect(full?.code).toBe('POTLUCK_DISK_FULL');
    expect(full?.message).toContain('what it holds is served');
    expect(others).toEqual([]);
    expect(await alerts(DISK)).toEqual([]);
    await server.close();
  });
});
