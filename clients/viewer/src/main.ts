/** The page: opens its runs, and draws the frame that is asked for. */

import { Bands, type Curve } from "./bands.js";
import { readBody } from "./chunk.js";
import type { Comparison } from "./comparison.js";
import { Comparing } from "./comparing.js";
import { type Actions, byId, Controls, type View } from "./controls.js";
import { readLink, writeLink } from "./link.js";
import { startLive } from "./live.js";
import { Marks } from "./marks.js";
import { Picture } from "./picture.js";
import { Player } from "./player.js";
import { Run } from "./run.js";
import { type LiveName, openSource, type SourceName } from "./source.js";
import { type Label, type Moment, type Rectangle, Stage } from "./stage.js";

const LIVE_MILLISECONDS = 1000;
const GROWTH_MILLISECONDS = 400;
const NARROW = 760;

class Viewer implements Actions {
  private readonly main: Run;
  private readonly player: Player;
  private readonly bands: Bands;
  private readonly controls: Controls;
  private readonly pictures = new Map<Run, Picture>();
  private readonly marks = new Marks(byId<HTMLCanvasElement>("marks"));
  private readonly comparing: Comparing;
  private comparison: Comparison | undefined;
  private chosen: number | undefined;
  private shownView: View = "both";
  private bodiesWanted: boolean | undefined;
  private before = 0;
  private state = "";
  private grown = "";
  private drawnAt = -Infinity;
  private pending = true;
  private frames: number[] = [];

  constructor(
    private readonly runs: Run[],
    private readonly stage: Stage,
  ) {
    this.main = runs[0]!;
    this.player = new Player(this.main);
    this.bands = new Bands(byId<HTMLCanvasElement>("bands"), this.main, (frame) => this.seek(frame), (id) => this.choose(id), () => this.redraw());
    this.controls = new Controls(this.main, this.player, this.bands, this);
    this.comparing = new Comparing(runs, () => this.player.frame, () => this.comparison, (one) => this.startComparing(one));
    this.picture(this.main);
    this.stage.controls.addEventListener("change", () => (this.pending = true));
    addEventListener("resize", () => (this.pending = true));
    addEventListener("hashchange", () => this.goTo());
    this.goTo();
    if (!this.main.index.final) this.player.live = readLink().frame === undefined;
    if (runs.length > 1) this.comparing.startWithBoth();
    requestAnimationFrame((now) => this.tick(now));
  }

  toggle(): void {
    this.player.toggle();
    this.pending = true;
  }

  step(frames: number): void {
    const wanted = Number.isFinite(frames) ? frames : frames < 0 ? -this.player.last : this.player.last;
    this.player.step(wanted);
    this.pending = true;
  }

  speed(speed: number): void {
    this.player.speed = speed;
    this.pending = true;
  }

  choose(id: number | undefined): void {
    this.chosen = id;
    this.pending = true;
  }

  view(view: View): void {
    this.shownView = view;
    document.body.dataset["view"] = view;
    this.pending = true;
  }

  follow(on: boolean): void {
    this.chosen ??= this.main.people(this.player.frame)[0]?.id;
    this.stage.follow = on;
    this.pending = true;
  }

  fromCamera(): void {
    if (this.shownView === "picture") this.view("both");
    this.stage.aimFromCamera({ run: this.main, frame: this.player.frame });
    this.pending = true;
  }

  bodies(on: boolean): void {
    this.bodiesWanted = on;
    this.pending = true;
  }

  trails(seconds: number): void {
    this.stage.trailSeconds = seconds;
    this.pending = true;
  }

  nextVideo(): void {
    this.bodiesWanted = undefined;
    void this.picture(this.main).next();
  }

  live(): void {
    this.player.live = true;
    this.player.playing = false;
    this.pending = true;
  }

  share(): void {
    this.writeLink();
    const copied = navigator.clipboard?.writeText(location.href) ?? Promise.reject(new Error("no clipboard"));
    copied.then(
      () => say("The link to this moment is copied."),
      () => say("The address of this page is the link to this moment."),
    );
  }

  redraw(): void {
    this.pending = true;
  }

  compare(): void {
    this.comparing.show(this.chosen);
  }

  private seek(frame: number): void {
    this.player.live = false;
    this.player.playing = false;
    this.player.seek(frame);
    this.pending = true;
  }

  private startComparing(comparison: Comparison | undefined): void {
    byId<HTMLDialogElement>("comparing").close();
    this.comparison = comparison;
    document.body.classList.toggle("compares", comparison !== undefined);
    for (const [run, picture] of this.pictures) {
      if (run !== this.main && run !== comparison?.other?.run) {
        picture.video.remove();
        this.pictures.delete(run);
      }
    }
    if (comparison?.other) this.picture(comparison.other.run);
    if (comparison) this.stage.aimAtCompared();
    else this.stage.aimAnew();
    this.pending = true;
  }

  private goTo(): void {
    const { frame, person, view } = readLink();
    if (frame !== undefined) this.player.seek(frame - this.main.index.first_frame);
    if (person !== undefined) this.chosen = person;
    if (view === "picture" || view === "scene" || view === "both") this.view(view);
    this.pending = true;
  }

  private writeLink(): void {
    writeLink({
      frame: this.main.index.first_frame + this.player.frame,
      ...(this.chosen !== undefined && { person: this.chosen }),
      ...(this.shownView !== "both" && { view: this.shownView }),
    });
  }

  private picture(run: Run): Picture {
    let picture = this.pictures.get(run);
    if (!picture) {
      picture = new Picture(run, byId("picture"), () => (this.pending = true));
      this.pictures.set(run, picture);
    }
    return picture;
  }

  private tick(now: number): void {
    requestAnimationFrame((next) => this.tick(next));
    const elapsed = Math.min((now - this.before) / 1000, 0.25);
    this.before = now;
    const picture = this.picture(this.main);
    this.player.advance(elapsed, picture.seconds);
    const { frame, playing } = this.player;
    picture.sync(frame, playing, this.player.speed);
    this.prefetch(frame, playing);
    const state = [frame, playing, ...this.runs.map((run) => `${run.bodiesVersion}:${run.index.final}`)].join();
    const grown = this.runs.map((run) => run.version).join();
    // While the timeline of a long run comes, there is something new all the time.
    const grew = grown !== this.grown && now - this.drawnAt > GROWTH_MILLISECONDS;
    if (state === this.state && !grew && !this.pending && !this.stage.moving) return;
    this.state = state;
    this.grown = grown;
    this.drawnAt = now;
    this.pending = false;
    this.draw(frame, elapsed);
    if (!playing && !this.player.live) this.writeLink();
    this.note(now);
  }

  private prefetch(frame: number, playing: boolean): void {
    if (playing) this.main.prefetch(frame + this.main.index.chunk_frames / 2);
  }

  private draw(frame: number, elapsed: number): void {
    const bodies = this.bodiesWanted ?? !this.picture(this.main).drawn;
    this.controls.update(this.chosen, bodies, this.stage.follow, this.shownView);
    const area = byId("stage").getBoundingClientRect();
    this.stage.resize(area.width, area.height);
    this.marks.begin(area.width, area.height);
    this.stage.begin();
    const moments: Moment[] = [{ run: this.main, frame }];
    const other = this.comparison?.other;
    if (other && this.comparison) moments.push({ run: other.run, frame: this.comparison.frame(other, frame) });
    if (this.shownView !== "scene") this.drawPictures(moments, area, bodies);
    if (this.shownView !== "picture") this.drawScene(moments[0]!, inside(byId("scene"), area), elapsed);
    this.bands.draw(frame, this.chosen, this.curves());
  }

  private drawPictures(moments: readonly Moment[], area: DOMRect, bodies: boolean): void {
    const whole = inside(byId("picture"), area);
    moments.forEach((moment, number) => {
      const height = whole.height / moments.length;
      const pane = { ...whole, top: whole.top + number * height, height };
      const picture = this.picture(moment.run);
      const fitted = picture.fitted(pane);
      place(picture.video, fitted, whole);
      if (number) {
        picture.sync(moment.frame, this.player.playing, this.player.speed);
        picture.keepTo(moment.frame);
      }
      if (!bodies) return;
      this.stage.drawPicture(moment, pane, fitted);
      this.marks.boxes(moment, fitted, this.chosen);
    });
  }

  private drawScene(moment: Moment, pane: Rectangle, elapsed: number): void {
    const labels: Label[] = this.comparison
      ? this.stage.drawCompared(this.comparison.people(moment.frame), pane)
      : this.stage.drawScene(moment, pane, this.chosen, elapsed);
    this.marks.names(labels, pane);
  }

  private curves(): Curve[] {
    if (this.comparison) return this.comparison.curves();
    return this.chosen === undefined ? [] : [{ run: this.main, id: this.chosen, at: (frame) => frame }];
  }

  /** Say on the page what is shown: for tests, and for whoever steers it. */
  private note(now: number): void {
    this.frames = [...this.frames.filter((time) => time > now - 1000), now];
    const root = document.documentElement.dataset;
    root["frame"] = String(this.player.frame);
    root["frames"] = String(this.main.frames);
    root["drawn"] = String(this.frames.length);
    root["chunks"] = String(this.main.loadedChunks);
    const chunk = this.main.people(this.player.frame)[0]?.chunk;
    root["bodies"] = String(chunk === undefined || this.main.bodiesOf(chunk) !== undefined);
    root["video"] = String(this.picture(this.main).playable);
  }

  /** Load the timeline, and what is added to it while a job runs. */
  async load(): Promise<void> {
    for (;;) {
      for (const run of this.runs) while (await run.loadMore()) this.goToOnceThere();
      if (this.runs.every((run) => run.complete)) break;
      await new Promise((resolve) => setTimeout(resolve, LIVE_MILLISECONDS));
      for (const run of this.runs) await run.refresh().catch(problem);
      for (const picture of this.pictures.values()) picture.retry();
    }
    document.documentElement.dataset["complete"] = "true";
    this.pending = true;
  }

  private linked = readLink().frame;

  /** A linked frame may come with a later chunk than the page begins with. */
  private goToOnceThere(): void {
    const wanted = this.linked === undefined ? undefined : this.linked - this.main.index.first_frame;
    if (wanted === undefined || wanted >= this.main.frames) return;
    this.linked = undefined;
    this.player.seek(wanted);
  }
}

function inside(element: HTMLElement, area: DOMRect): Rectangle {
  const own = element.getBoundingClientRect();
  return { left: own.left - area.left, top: own.top - area.top, width: own.width, height: own.height };
}

function place(video: HTMLVideoElement, fitted: Rectangle, pane: Rectangle): void {
  const style = video.style;
  style.left = `${fitted.left - pane.left}px`;
  style.top = `${fitted.top - pane.top}px`;
  style.width = `${fitted.width}px`;
  style.height = `${fitted.height}px`;
}

function say(text: string): void {
  const note = byId("note");
  note.textContent = text;
  note.hidden = false;
  setTimeout(() => (note.hidden = true), 4000);
}

function problem(error: unknown): void {
  say(error instanceof Error ? error.message : String(error));
}

async function start(): Promise<void> {
  const names = JSON.parse(byId("sources").textContent!) as SourceName[];
  const [first] = names;
  if (first && "live" in first) return startLive(first, say);
  const recorded = names as Exclude<SourceName, LiveName>[];
  const runs = await Promise.all(recorded.map((name) => Run.open(openSource(name, document))));
  const body = readBody(await runs[0]!.source.body());
  // The first frames are shown as soon as they are there.
  await Promise.all(runs.map((run) => run.loadMore()));
  byId("name").textContent = runs.map((run) => run.index.name).join(" and ");
  const stage = new Stage(byId<HTMLCanvasElement>("bodies-canvas"), byId("scene"), body);
  const viewer = new Viewer(runs, stage);
  document.documentElement.dataset["ready"] = "true";
  await viewer.load();
}

document.body.classList.toggle("narrow", innerWidth < NARROW);
addEventListener("resize", () => document.body.classList.toggle("narrow", innerWidth < NARROW));
document.addEventListener("viewer-problem", (event) => say((event as CustomEvent<string>).detail));
start().catch((error: unknown) => {
  problem(error);
  document.documentElement.dataset["failed"] = String(error);
});
