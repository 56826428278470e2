/** One run: its timeline as a whole, and the bodies of the chunks that are looked at. */

import { ANGLES, type Bodies, readBodies, readTimeline, type Timeline } from "./chunk.js";
import type { Index, Source } from "./source.js";

/** How a person of a frame is shown. */
export const enum Kind {
  Seen,
  SecondLook,
  Doubtful,
  Unusable,
  Predicted,
  Lost,
}

export const KIND_NAMES = ["seen", "second look", "doubtful", "unusable", "predicted", "lost"] as const;

/** A person of a frame: a row of a chunk. */
export interface Row {
  timeline: Timeline;
  chunk: number;
  row: number;
  id: number;
  color: number;
  kind: Kind;
}

/** Frames in a row in which a person is shown alike; ``end`` is behind the last one. */
export interface Segment {
  start: number;
  end: number;
  kind: Kind;
}

export interface Track {
  id: number;
  color: number;
  segments: Segment[];
}

const CHUNKS_KEPT = 8;

export class Run {
  readonly tracks = new Map<number, Track>();
  readonly timelines: Timeline[] = [];
  /** Counts what has come of the timeline and of the bodies, so that whoever draws them knows when to draw anew. */
  version = 0;
  bodiesVersion = 0;
  private readonly bodies = new Map<number, Bodies | Promise<void>>();
  private readonly failed = new Map<number, number>();

  protected constructor(
    readonly source: Source,
    public index: Index,
  ) {}

  static async open(source: Source): Promise<Run> {
    return new Run(source, await source.index());
  }

  get frames(): number {
    const last = this.timelines.length - 1;
    return last < 0 ? 0 : last * this.index.chunk_frames + this.timelines[last]!.frames;
  }

  get complete(): boolean {
    return this.index.final && this.frames >= this.index.frames;
  }

  /** Load one more chunk of the timeline, or the grown last one; false where there is none. */
  async loadMore(): Promise<boolean> {
    if (this.frames >= this.index.frames) return false;
    const size = this.index.chunk_frames;
    const number = Math.floor(this.frames / size);
    const timeline = readTimeline(await this.source.part("timeline", number));
    const before = this.timelines[number]?.frames ?? 0;
    if (timeline.frames <= before) return false;
    this.timelines[number] = timeline;
    if (before) this.bodies.delete(number);
    this.addSegments(timeline, number * size, before);
    this.version++;
    return true;
  }

  async refresh(): Promise<void> {
    if (!this.index.final) this.index = await this.source.index();
  }

  seconds(frame: number): number {
    const size = this.index.chunk_frames;
    const timeline = this.timelines[Math.floor(frame / size)];
    return timeline?.seconds[frame % size] ?? 0;
  }

  /** Seconds that a frame is shown. */
  period(frame: number): number {
    const next = frame + 1 < this.frames ? frame + 1 : frame;
    const length = next > 0 ? this.seconds(next) - this.seconds(next - 1) : 0;
    return length > 0 ? length : 0.04;
  }

  /** The frame that is shown at a time. */
  frameAt(seconds: number): number {
    let low = 0;
    let high = this.frames - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.seconds(middle) <= seconds + 1e-4) low = middle;
      else high = middle - 1;
    }
    return Math.max(0, low);
  }

  /** Focal length of a frame's camera in pixels; 0 where it is not known. */
  focal(frame: number): number {
    const size = this.index.chunk_frames;
    return this.timelines[Math.floor(frame / size)]?.focal[frame % size] ?? 0;
  }

  isShot(frame: number): boolean {
    const size = this.index.chunk_frames;
    return Boolean(this.timelines[Math.floor(frame / size)]?.shot[frame % size]);
  }

  people(frame: number): Row[] {
    const size = this.index.chunk_frames;
    const chunk = Math.floor(frame / size);
    const timeline = this.timelines[chunk];
    const at = frame - chunk * size;
    if (!timeline || at < 0 || at >= timeline.frames) return [];
    const rows: Row[] = [];
    for (let row = timeline.starts[at]!; row < timeline.starts[at + 1]!; row++) rows.push(this.row(timeline, chunk, row));
    return rows;
  }

  person(frame: number, id: number): Row | undefined {
    return this.people(frame).find((one) => one.id === id);
  }

  /** An angle of a person in degrees; NaN where the person is not there. */
  angle(frame: number, id: number, angle: number): number {
    const one = this.person(frame, id);
    return one && one.kind !== Kind.Lost ? one.timeline.angles[one.row * ANGLES + angle]! / 100 : NaN;
  }

  /** The bodies of a chunk where they are loaded; otherwise they are asked for. */
  bodiesOf(chunk: number): Bodies | undefined {
    const found = this.bodies.get(chunk);
    if (found && !(found instanceof Promise)) {
      this.bodies.delete(chunk);
      this.bodies.set(chunk, found); // the newest is the last
      return found;
    }
    if (!found) this.load(chunk);
    return undefined;
  }

  /** Ask for the bodies of a frame that will be needed soon. */
  prefetch(frame: number): void {
    if (frame >= 0 && frame < this.frames) {
      const chunk = Math.floor(frame / this.index.chunk_frames);
      if (!this.bodies.has(chunk)) this.load(chunk);
    }
  }

  get loadedChunks(): number {
    return this.bodies.size;
  }

  private load(chunk: number): void {
    const now = performance.now();
    if ((this.failed.get(chunk) ?? -Infinity) > now - 2000) return;
    const loading = this.source.part("bodies", chunk).then(
      (buffer) => {
        this.bodies.set(chunk, readBodies(buffer));
        this.forgetOldest();
        this.bodiesVersion++;
      },
      (error: unknown) => {
        this.failed.set(chunk, now);
        this.bodies.delete(chunk);
        document.dispatchEvent(new CustomEvent("viewer-problem", { detail: String(error) }));
      },
    );
    this.bodies.set(chunk, loading);
  }

  private forgetOldest(): void {
    for (const chunk of this.bodies.keys()) {
      if (this.bodies.size <= CHUNKS_KEPT) return;
      if (!(this.bodies.get(chunk) instanceof Promise)) this.bodies.delete(chunk);
    }
  }

  private row(timeline: Timeline, chunk: number, row: number): Row {
    const track = timeline.track[row]!;
    return {
      timeline,
      chunk,
      row,
      id: timeline.trackIds[track]!,
      color: timeline.colors[track]!,
      kind: this.kind(timeline, row),
    };
  }

  private kind(timeline: Timeline, row: number): Kind {
    const state = this.index.states[timeline.state[row]!];
    const usability = this.index.usabilities[timeline.usability[row]!];
    if (state === "lost" || (state === "predicted" && usability === "unusable")) return Kind.Lost;
    if (state === "predicted") return Kind.Predicted;
    if (usability === "unusable") return Kind.Unusable;
    if (usability === "doubtful") return Kind.Doubtful;
    return this.index.found_by[timeline.foundBy[row]!] === "second_look" ? Kind.SecondLook : Kind.Seen;
  }

  /** What the overlay writes beside a person. */
  label(one: Row): string {
    const { timeline, row } = one;
    const state = this.index.states[timeline.state[row]!]!;
    if (state !== "seen") return `${state} ${one.id}`;
    const second = this.index.found_by[timeline.foundBy[row]!] === "second_look";
    const name = second ? `${one.id}, second look` : `${one.id}`;
    const bits = timeline.reasons[row]!;
    if (!bits) return name;
    const reasons = this.index.reasons.filter((_, bit) => bits & (1 << bit));
    const usability = this.index.usabilities[timeline.usability[row]!] ?? "";
    return `${name} ${usability}: ${reasons.join(", ").replaceAll("_", " ")}`;
  }

  private addSegments(timeline: Timeline, first: number, from: number): void {
    for (let at = from; at < timeline.frames; at++) {
      for (let row = timeline.starts[at]!; row < timeline.starts[at + 1]!; row++) {
        const one = this.row(timeline, 0, row);
        const track = this.tracks.get(one.id) ?? { id: one.id, color: one.color, segments: [] };
        this.tracks.set(one.id, track);
        const last = track.segments.at(-1);
        if (last && last.end === first + at && last.kind === one.kind) last.end++;
        else track.segments.push({ start: first + at, end: first + at + 1, kind: one.kind });
      }
    }
  }
}
