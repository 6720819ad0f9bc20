/** A completed request, or the code of why it was refused. */
export type Outcome = { readonly code: string; readonly id: number };

export interface Leg {
  readonly wallet: string;
  readonly amount: bigint;
}

interface Posted {
  readonly legs: readonly Leg[];
  readonly amount: bigint;
  readonly isReversible: boolean;
  isReversed: boolean;
}

interface Hold {
  readonly wallet: string;
  readonly amount: bigint;
  state: 'open' | 'resolved' | 'expired';
}

interface Wallet {
  posted: bigint;
  /** What open holds set aside that are not due. */
  held: bigint;
  readonly limit: bigint;
  isClosed: boolean;
  /** In the order of versions; `day` counts back from the present, and is undefined for now. */
  readonly entries: { readonly amount: bigint; readonly day: number | undefined }[];
}

/** Wallets in the order of their keys, in which a reversal looks at them: the platform's come first. */
function keyOf(wallet: string): string {
  const place = ['MINT', 'EXTERNAL', 'LIQUIDITY', 'FEES'].indexOf(wallet.split('/')[0] ?? '');
  return place < 0 ? `user ${wallet}` : `platform ${place} ${wallet}`;
}

const LARGEST = 2n ** 63n - 1n;
const refused = (code: string): Outcome => ({ code, id: -1 });

/** What the ledger promises, in memory and one request after another: wallets are named `owner/currency`. */
export class LedgerModel {
  readonly wallets = new Map<string, Wallet>();
  readonly transactions: Posted[] = [];
  readonly holds = new Map<number, Hold>();
  readonly #answers = new Map<string, { request: string; outcome: Outcome }>();

  open(wallet: string, posted = 0n, limit = 0n): void {
    if (this.wallets.has(wallet)) return;
    this.wallets.set(wallet, { posted, held: 0n, limit, isClosed: false, entries: [] });
  }

  close(name: string): Outcome {
    const wallet = this.wallets.get(name);
    if (wallet === undefined) return refused('NOT_FOUND');
    if (wallet.posted !== 0n || wallet.held !== 0n) return refused('WALLET_NOT_EMPTY');
    wallet.isClosed = true;
    return { code: 'ok', id: -1 };
  }

  /** Answers a request under a key: as before if it came before, refused if the key is another request's. */
  once(key: string, request: string, run: () => Outcome): Outcome {
    const answered = this.#answers.get(key);
    if (answered === undefined) {
      const outcome = run();
      this.#answers.set(key, { request, outcome });
      return outcome;
    }
    return answered.request === request ? answered.outcome : refused('IDEMPOTENCY_CONFLICT');
  }

  knows(key: string): boolean {
    return this.#answers.has(key);
  }

  post(legs: readonly Leg[], amount: bigint, day?: number, isReversible = true): Outcome {
    const refusal = this.refusal(legs);
    if (refusal !== undefined) return refused(refusal);
    for (const leg of legs) {
      const wallet = this.#walletOf(leg);
      wallet.posted += leg.amount;
      wallet.entries.push({ amount: leg.amount, day });
    }
    return this.#record({ legs, amount, isReversible, isReversed: false });
  }

  refusal(legs: readonly Leg[]): string | undefined {
    for (const leg of legs) {
      const wallet = this.wallets.get(leg.wallet);
      if (wallet === undefined) return 'WALLET_NOT_FOUND';
      if (wallet.isClosed) return 'WALLET_CLOSED';
    }
    for (const leg of legs) {
      const { posted, held, limit } = this.#walletOf(leg);
      if (leg.amount < 0n && posted + leg.amount < held - limit) return 'INSUFFICIENT_FUNDS';
      if (leg.amount > 0n && posted + leg.amount > LARGEST) return 'BALANCE_LIMIT';
    }
    return undefined;
  }

  transfer(from: string, to: string, amount: bigint, day?: number, isReversible = true): Outcome {
    if (!this.wallets.has(to)) return refused('WALLET_NOT_FOUND');
    const legs = [
      { wallet: from, amount: -amount },
      { wallet: to, amount },
    ];
    return this.post(legs, amount, day, isReversible);
  }

  reverse(id: number, amount?: bigint, day?: number): Outcome {
    const original = this.transactions[id];
    if (!original?.isReversible) return refused('NOT_REVERSIBLE');
    return this.undo(original, amount ?? original.amount, day);
  }

  /** What reverses a transaction; refunds use it too. */
  undo(original: Posted, undone: bigint, day?: number): Outcome {
    if (original.isReversed) return refused('ALREADY_REVERSED');
    if (undone > original.amount) return refused('REVERSAL_EXCEEDED');
    const share = (size: bigint) => (size * undone + original.amount - 1n) / original.amount;
    const legs = original.legs
      .map(({ wallet, amount }) => ({
        wallet,
        amount: amount < 0n ? share(-amount) : -share(amount),
      }))
      .sort((a, b) => (keyOf(a.wallet) < keyOf(b.wallet) ? -1 : 1));
    const outcome = this.post(legs, undone, day, false);
    if (outcome.code === 'ok') original.isReversed = true;
    return outcome;
  }

  hold(name: string, amount: bigint): Outcome {
    const wallet = this.wallets.get(name);
    if (wallet === undefined) return refused('WALLET_NOT_FOUND');
    if (wallet.isClosed) return refused('WALLET_CLOSED');
    if (wallet.posted - wallet.held < amount) return refused('INSUFFICIENT_FUNDS');
    wallet.held += amount;
    const placed = this.#record({ legs: [], amount, isReversible: false, isReversed: false });
    this.holds.set(placed.id, { wallet: name, amount, state: 'open' });
    return placed;
  }

  /** Captures for `to`, or releases without one. */
  resolve(id: number, to?: string, amount?: bigint, day?: number): Outcome {
    const hold = this.holds.get(id);
    if (hold === undefined) return refused('NOT_FOUND');
    if (hold.state !== 'open') {
      return refused(hold.state === 'expired' ? 'HOLD_EXPIRED' : 'HOLD_RESOLVED');
    }
    const captured = amount ?? hold.amount;
    if (to !== undefined && captured > hold.amount) return refused('HOLD_EXCEEDED');
    const refusal = to === undefined ? undefined : this.refusal([{ wallet: to, amount: captured }]);
    if (refusal !== undefined) return refused(refusal);
    this.#free(hold, 'resolved');
    if (to !== undefined) return this.transfer(hold.wallet, to, captured, day);
    return this.#record({ legs: [], amount: 0n, isReversible: false, isReversed: false });
  }

  /** The hold's time comes; whether and when the ledger sweeps it makes no difference to anyone. */
  expire(id: number): void {
    const hold = this.holds.get(id);
    if (hold?.state === 'open') this.#free(hold, 'expired');
  }

  /** Runs `change`, and takes it back unless it says that it is to stay. */
  attempt(change: () => boolean): void {
    const before = structuredClone([...this.wallets]);
    const count = this.transactions.length;
    if (change()) return;
    this.transactions.length = count;
    for (const [name, wallet] of before) this.wallets.set(name, wallet);
  }

  #free(hold: Hold, state: 'resolved' | 'expired'): void {
    hold.state = state;
    this.#walletOf(hold).held -= hold.amount;
  }

  #record(posted: Posted): Outcome {
    return { code: 'ok', id: this.transactions.push(posted) - 1 };
  }

  #walletOf({ wallet }: { wallet: string }): Wallet {
    const found = this.wallets.get(wallet);
    if (found === undefined) throw new Error(`the model has no wallet ${wallet}`);
    return found;
  }
}
