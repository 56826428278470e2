/** The buttons and lists of the page. */

import { angleName, type Bands, clock, curveColor, drawKind } from "./bands.js";
import { type Player, SPEEDS } from "./player.js";
import { KIND_NAMES, type Run } from "./run.js";

export type View = "both" | "picture" | "scene";

/** What the page can be asked for. */
export interface Actions {
  toggle(): void;
  step(frames: number): void;
  speed(speed: number): void;
  choose(id: number | undefined): void;
  view(view: View): void;
  follow(on: boolean): void;
  fromCamera(): void;
  bodies(on: boolean): void;
  trails(seconds: number): void;
  nextVideo(): void;
  live(): void;
  share(): void;
  compare(): void;
  redraw(): void;
}

export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

export class Controls {
  private people = "";

  constructor(
    private readonly run: Run,
    private readonly player: Player,
    private readonly bands: Bands,
    private readonly actions: Actions,
  ) {
    fill(byId<HTMLSelectElement>("speed"), SPEEDS.map((speed) => [String(speed), `${speed}×`]), "1");
    this.onClick("play", () => actions.toggle());
    this.onClick("back", () => actions.step(-1));
    this.onClick("on", () => actions.step(1));
    this.onClick("from-camera", () => actions.fromCamera());
    this.onClick("next-video", () => actions.nextVideo());
    this.onClick("live", () => actions.live());
    this.onClick("share", () => actions.share());
    this.onClick("compare", () => actions.compare());
    this.onClick("help", () => byId<HTMLDialogElement>("keys").showModal());
    this.onClick("zoom-in", () => this.zoom(0.5));
    this.onClick("zoom-out", () => this.zoom(2));
    this.onChange("speed", (value) => actions.speed(Number(value)));
    this.onChange("person", (value) => actions.choose(value ? Number(value) : undefined));
    this.onChange("view", (value) => actions.view(value as View));
    this.onChange("trails", (value) => actions.trails(Number(value)));
    byId<HTMLInputElement>("follow").addEventListener("change", () => actions.follow(checked("follow")));
    byId<HTMLInputElement>("bodies").addEventListener("change", () => actions.bodies(checked("bodies")));
    this.fillAngles();
    drawLegend(byId<HTMLElement>("legend"));
    document.addEventListener("keydown", (event) => this.key(event));
  }

  update(chosen: number | undefined, bodies: boolean, follow: boolean, view: View): void {
    const { player, run } = this;
    byId("play").classList.toggle("plays", player.playing);
    byId("play").setAttribute("aria-label", player.playing ? "pause" : "play");
    byId("time").textContent = `${clock(run.seconds(player.frame))} · frame ${run.index.first_frame + player.frame}`;
    byId("live").hidden = run.index.final;
    byId("live").classList.toggle("on", player.live);
    byId("next-video").hidden = run.index.videos.length < 2;
    byId<HTMLInputElement>("bodies").checked = bodies;
    byId<HTMLInputElement>("follow").checked = follow;
    byId<HTMLSelectElement>("view").value = view;
    byId<HTMLSelectElement>("speed").value = String(player.speed);
    this.fillPeople();
    byId<HTMLSelectElement>("person").value = chosen === undefined ? "" : String(chosen);
  }

  private fillPeople(): void {
    const ids = [...this.run.tracks.keys()].sort((a, b) => a - b);
    if (ids.join() === this.people) return;
    this.people = ids.join();
    fill(byId<HTMLSelectElement>("person"), [["", "nobody"], ...ids.map((id) => [`${id}`, `person ${id}`] as const)], "");
  }

  private fillAngles(): void {
    const names = this.run.index.angles;
    byId("angles").replaceChildren(
      ...names.map((name, number) => {
        const label = document.createElement("label");
        const box = document.createElement("input");
        box.type = "checkbox";
        box.checked = this.bands.shownAngles.has(number);
        box.addEventListener("change", () => {
          if (box.checked) this.bands.shownAngles.add(number);
          else this.bands.shownAngles.delete(number);
          this.actions.redraw();
        });
        label.style.color = curveColor(number);
        label.append(box, angleName(name));
        return label;
      }),
    );
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    const writes = target instanceof HTMLInputElement && target.type !== "checkbox";
    if (event.ctrlKey || event.metaKey || event.altKey || writes || document.querySelector("dialog[open]")) return;
    const action = this.keys()[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    target.blur();
    action(event.shiftKey);
  }

  private keys(): Record<string, ((shift: boolean) => void) | undefined> {
    const { actions, player } = this;
    const second = Math.max(1, Math.round(1 / this.run.period(player.frame)));
    const ids = [...this.run.tracks.keys()].sort((a, b) => a - b);
    const persons = Object.fromEntries(ids.slice(0, 9).map((id, at) => [`${at + 1}`, () => actions.choose(id)]));
    return {
      ...persons,
      " ": () => actions.toggle(),
      ArrowLeft: (shift) => actions.step(shift ? -second : -1),
      ArrowRight: (shift) => actions.step(shift ? second : 1),
      ArrowUp: () => this.faster(1),
      ArrowDown: () => this.faster(-1),
      Home: () => actions.step(-Infinity),
      End: () => actions.step(Infinity),
      "0": () => actions.choose(undefined),
      f: () => actions.follow(!checked("follow")),
      b: () => actions.bodies(!checked("bodies")),
      c: () => actions.fromCamera(),
      v: () => actions.nextVideo(),
      l: () => actions.share(),
      x: () => actions.compare(),
      "+": () => this.zoom(0.5),
      "-": () => this.zoom(2),
      "?": () => byId<HTMLDialogElement>("keys").showModal(),
    };
  }

  private zoom(factor: number): void {
    this.bands.zoom(factor, this.player.frame);
    this.actions.redraw();
  }

  private faster(steps: number): void {
    this.player.faster(steps);
    this.actions.speed(this.player.speed);
  }

  private onClick(id: string, action: () => void): void {
    byId(id).addEventListener("click", action);
  }

  private onChange(id: string, action: (value: string) => void): void {
    const list = byId<HTMLSelectElement>(id);
    list.addEventListener("change", () => {
      action(list.value);
      list.blur();
    });
  }
}

export function fill(list: HTMLSelectElement, options: readonly (readonly [string, string])[], chosen: string): void {
  list.replaceChildren(...options.map(([value, text]) => new Option(text, value, false, value === chosen)));
}

export function checked(id: string): boolean {
  return byId<HTMLInputElement>(id).checked;
}

function drawLegend(parent: HTMLElement): void {
  KIND_NAMES.forEach((name, kind) => {
    const canvas = document.createElement("canvas");
    canvas.width = 28;
    canvas.height = 10;
    drawKind(canvas.getContext("2d")!, kind, 0x409cff, 0, 0, 28, 10);
    const entry = document.createElement("span");
    entry.append(canvas, name);
    parent.append(entry);
  });
}
