/** The form in which two people are chosen to be compared. */

import { Comparison, type Side } from "./comparison.js";
import { byId, fill } from "./controls.js";
import { Run } from "./run.js";
import { openSource } from "./source.js";

const SIDES = ["a", "b"] as const;

export class Comparing {
  constructor(
    private readonly runs: Run[],
    private readonly frame: () => number,
    private readonly current: () => Comparison | undefined,
    private readonly start: (comparison: Comparison | undefined) => void,
  ) {
    byId("compare-start").addEventListener("click", () => this.accept());
    byId("compare-end").addEventListener("click", () => this.start(undefined));
    SIDES.forEach((side, number) => byId(`now-${side}`).addEventListener("click", () => this.setNow(side, number)));
    byId<HTMLInputElement>("other-run").addEventListener("change", (event) => void this.open(event.target as HTMLInputElement));
  }

  show(chosen: number | undefined): void {
    this.fillPeople(chosen);
    byId<HTMLDialogElement>("comparing").showModal();
  }

  /** Start with the first person of each of two runs. */
  startWithBoth(): void {
    const sides = this.runs.slice(0, 2).map((run) => ({ run, id: firstId(run), aligned: 0 }));
    const [first, second] = sides as [Side, Side];
    this.start(new Comparison(first.run, [first, second]));
  }

  private fillPeople(chosen: number | undefined): void {
    const options = this.runs.flatMap((run, number) =>
      [...run.tracks.keys()]
        .sort((a, b) => a - b)
        .map((id) => [`${number}:${id}`, this.runs.length > 1 ? `${run.index.name}: person ${id}` : `person ${id}`] as const),
    );
    const sides = this.current()?.sides;
    const first = options.find(([value]) => value === `0:${chosen}`) ?? options[0];
    const second = options.findLast(([value]) => value.startsWith(`${this.runs.length - 1}:`) && value !== first?.[0]);
    for (const [number, usual] of [first, second ?? first].entries()) {
      const list = byId<HTMLSelectElement>(`side-${SIDES[number]}`);
      const side = sides?.[number];
      fill(list, options, side ? `${this.runs.indexOf(side.run)}:${side.id}` : (usual?.[0] ?? ""));
      byId<HTMLInputElement>(`aligned-${SIDES[number]}`).value = String(side?.aligned ?? this.frame());
    }
  }

  private accept(): void {
    const sides = SIDES.map((name): Side => {
      const [number, id] = byId<HTMLSelectElement>(`side-${name}`).value.split(":").map(Number);
      return { run: this.runs[number ?? 0]!, id: id ?? 0, aligned: Number(byId<HTMLInputElement>(`aligned-${name}`).value) };
    });
    // The scrubber is the first run's; the side of the other run comes second.
    if (sides[0]!.run !== this.runs[0] && sides[1]!.run === this.runs[0]) sides.reverse();
    this.start(new Comparison(this.runs[0]!, sides as [Side, Side]));
  }

  private setNow(side: "a" | "b", number: number): void {
    const comparison = this.current();
    const own = comparison?.sides[number];
    const frame = comparison && own ? comparison.frame(own, this.frame()) : this.frame();
    byId<HTMLInputElement>(`aligned-${side}`).value = String(frame);
  }

  /** Take a second run from another self-contained page. */
  private async open(input: HTMLInputElement): Promise<void> {
    const file = input.files?.[0];
    if (!file) return;
    const page = new DOMParser().parseFromString(await file.text(), "text/html");
    const run = await Run.open(openSource({ element: 0 }, page));
    while (await run.loadMore());
    this.runs.splice(1, this.runs.length, run);
    this.fillPeople(undefined);
  }
}

function firstId(run: Run): number {
  return Math.min(...run.tracks.keys());
}
