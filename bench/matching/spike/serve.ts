import { startEmbedded } from '../../../src/embedded/index.ts';

const server = await startEmbedded({
  dataDir: '/var/tmp/azora-spike/data',
  settings: { shared_buffers: '6GB', max_wal_size: '4GB', work_mem: '64MB', maintenance_work_mem: '512MB', max_connections: 100 },
});
console.log(server.url);
process.on('SIGTERM', async () => { await server.stop(); process.exit(0); });
setInterval(() => {}, 1e6);
