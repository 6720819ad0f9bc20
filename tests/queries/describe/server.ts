import type { Client, Connection, FieldDef } from 'pg';

/** What the server says of a text that it has parsed and not run. */
export interface Described {
  readonly columns: readonly FieldDef[];
  /** The types of `$1`, `$2` and so on. */
  readonly parameters: readonly number[];
  /** The analysed query as `nodeToString` of the server writes it. */
  readonly tree: string;
}

/**
 * Makes a connection say how it has understood each text: the protocol itself tells nothing of
 * outer joins.
 */
export async function tellTrees(client: Client): Promise<void> {
  await client.query('set debug_print_parse = on; set client_min_messages = log');
}

/** Parse and Describe of the protocol, on a connection after `tellTrees`. */
export function describeText(client: Client, text: string): Promise<Described> {
  return new Promise((resolve, reject) => {
    let columns: readonly FieldDef[] = [];
    let parameters: readonly number[] = [];
    let tree = '';
    const readTree = (notice: { message?: string | undefined; detail?: string | undefined }) => {
      if (notice.message === 'parse tree:') tree = notice.detail ?? '';
    };
    const readParameters = (message: { dataTypeIDs: number[] }) => {
      parameters = message.dataTypeIDs;
    };
    const finish = (connection: Connection) => {
      client.off('notice', readTree);
      connection.off('parameterDescription', readParameters);
    };
    client.query({
      submit(connection) {
        client.on('notice', readTree);
        connection.on('parameterDescription', readParameters);
        connection.parse({ name: '', text, types: [] }, true);
        connection.describe({ type: 'S', name: '' }, true);
        connection.sync();
      },
      handleRowDescription(message: { fields: FieldDef[] }) {
        columns = message.fields;
      },
      handleError(error: Error, connection: Connection) {
        finish(connection);
        reject(error);
      },
      handleReadyForQuery(connection: Connection) {
        finish(connection);
        resolve({ columns, parameters, tree });
      },
    });
  });
}
