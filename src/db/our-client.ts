import pg, { type QueryResult } from 'pg';
import { settingsError } from './connect-error.ts';
import { outgoing } from './outgoing.ts';
import { findFaults, packetSettings, reportedSettings } from './session-settings.ts';

/** What of a connection pg's types leave out. */
interface Inside {
  readonly connection: {
    on(event: 'parameterStatus', listener: (status: ParameterStatus) => void): void;
  };
  getStartupConf(): Record<string, string>;
}

interface ParameterStatus {
  readonly parameterName: string;
  readonly parameterValue: string;
}

/** A connection of a pool of `connect()`. */
export class OurClient extends pg.Client {
  readonly #reported = new Map<string, string>();

  constructor(config?: pg.ClientConfig) {
    super(config);
    (this as unknown as Inside).connection.on('parameterStatus', (status) => {
      this.#reported.set(status.parameterName, status.parameterValue);
    });
  }

  /** What goes into the startup packet. */
  getStartupConf(): Record<string, string> {
    const inherited = (pg.Client.prototype as unknown as Inside).getStartupConf.call(this);
    const pinned = packetSettings.map(({ name, value }) => [name, value]);
    return { ...inherited, ...Object.fromEntries(pinned) };
  }

  /**
   * What goes through `db.$client` itself is bound as everywhere else: nothing throws while pg
   * writes it, and a Date is UTC.
   */
  // biome-ignore lint/suspicious/noExplicitAny: the overloads of pg
  override query(config: any, values?: any, callback?: any): any {
    const query = super.query as (...args: unknown[]) => Promise<QueryResult> | undefined;
    if (typeof config?.submit === 'function') return query.call(this, config, values, callback);
    const isCalledBack = typeof values === 'function';
    const tell = isCalledBack ? values : (callback ?? config?.callback);
    let sent: pg.QueryConfig;
    try {
      sent = outgoing(config, isCalledBack ? undefined : values);
    } catch (error) {
      if (tell === undefined) return Promise.reject(error);
      process.nextTick(tell, error);
      return undefined;
    }
    return query.call(this, sent, undefined, tell);
  }

  override connect(): Promise<pg.Client>;
  override connect(callback: (error: Error) => void): void;
  override connect(callback?: (error: Error) => void): Promise<pg.Client> | undefined {
    if (callback === undefined) return super.connect();
    super.connect((error: Error | null) => {
      // A pooler may have dropped what the packet said. The server reports it without being asked.
      const faults = findFaults(reportedSettings, this.#reported);
      const failure = error ?? (faults.length > 0 ? settingsError(faults, this) : null);
      // pg leaves the socket open when it gives up by itself, as without a password that the server
      // asks for: that keeps the process alive and a backend waiting until authentication_timeout,
      // a minute by default.
      if (failure) void this.end();
      callback(failure as Error);
    });
  }
}

/** One that sends named statements without their names, for poolers that do not keep them. */
export class UnnamingClient extends OurClient {
  // biome-ignore lint/suspicious/noExplicitAny: the overloads of pg
  override query(config: any, ...rest: any[]): any {
    const isNamed = config?.name !== undefined && typeof config.submit !== 'function';
    return super.query(isNamed ? { ...config, name: undefined } : config, ...rest);
  }
}
