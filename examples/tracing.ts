import { connect, getWallet, listWallets, type StatementEvent, transaction } from '@azora/db';
import { demoUsers } from '@azora/db/seeds';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { sql } from 'drizzle-orm';

// A service has its provider from `@opentelemetry/sdk-node`; this one keeps the spans to print them.
const exporter = new InMemorySpanExporter();
const spanProcessors = [new SimpleSpanProcessor(exporter)];
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors }));
const tracer = trace.getTracer('azora-db');

// One span a statement, a child of the caller's own: it is told in the caller's context.
function traceStatement({ name, text, startedAt, durationMs, rows, error }: StatementEvent): void {
  const span = tracer.startSpan(name ?? text.split(/\s/, 1)[0] ?? 'statement', {
    kind: SpanKind.CLIENT,
    startTime: startedAt,
    attributes: {
      'db.system.name': 'postgresql',
      'db.query.text': text,
      ...(rows !== null && { 'db.response.returned_rows': rows }),
    },
  });
  if (error !== undefined) {
    span.recordException(error);
    span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  }
  span.end(startedAt + durationMs);
}

const db = await connect({ onStatement: traceStatement });
const userId = demoUsers.student;
await listWallets(db, { userId });
await transaction(db, async (tx) => {
  await getWallet(tx, { userId, currency: 'ZAR' });
  await tx.execute(sql`select 1 / 0`);
}).catch(() => undefined);

for (const { name, attributes, status } of exporter.getFinishedSpans()) {
  const rows = attributes['db.response.returned_rows'] ?? '-';
  console.log(`${name}: ${rows} rows${status.code === SpanStatusCode.ERROR ? ', failed' : ''}`);
}
await db.close();
