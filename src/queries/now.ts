/** The server's clock in the milliseconds that a Date holds, so that what a client sees of it is not before it. */
export const NOW = "date_trunc('milliseconds', clock_timestamp())";
