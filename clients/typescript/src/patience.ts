const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 5000;

/** Counts the time without progress, in milliseconds. */
export class Patience {
  #since = Date.now();
  #pause = FIRST_PAUSE;

  /** @param milliseconds time without progress after which errors are thrown; raising it survives longer outages */
  constructor(readonly milliseconds: number) {}

  /** Start again: something came. */
  progressed(): void {
    this.#since = Date.now();
    this.#pause = FIRST_PAUSE;
  }

  /** Wait before the next try, or throw `error` once the time is over. */
  async pause(error: unknown): Promise<void> {
    if (Date.now() - this.#since >= this.milliseconds) throw error;
    await new Promise((resolve) => setTimeout(resolve, this.#pause));
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
  }
}
