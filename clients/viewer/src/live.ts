/** The page of a live stream: the browser's camera, its people over the picture and in the scene. */

import { readBody } from "./chunk.js";
import { LiveRun } from "./live_run.js";
import { type LiveListener, type LiveResult, LiveSocket } from "./live_socket.js";
import { Marks } from "./marks.js";
import { asked, type LiveName } from "./source.js";
import { type Rectangle, Stage } from "./stage.js";

const IDEAL_WIDTH = 1280;
const QUALITY = 0.8;
/** Frames on their way at once: one is computed while the next one comes. */
const IN_FLIGHT = 2;
const LOST_MILLISECONDS = 5000;
const LOOK_MILLISECONDS = 10;
/** A body that comes back later is made anew, which takes a few milliseconds. */
const UNSEEN_MILLISECONDS = 2000;

interface Sent {
  picture: ImageBitmap;
  at: number;
}

class Live implements LiveListener {
  private readonly run: LiveRun;
  private readonly marks = new Marks(element<HTMLCanvasElement>("marks"));
  private readonly picture = document.createElement("canvas");
  private readonly sent = new Map<number, Sent>();
  private readonly socket: LiveSocket;
  private readonly drawing = document.createElement("canvas");
  private number = 0;
  private results = 0;
  private pending = false;
  private before = performance.now();

  constructor(
    name: LiveName,
    private readonly stage: Stage,
    private readonly camera: HTMLVideoElement,
    private readonly say: (text: string) => void,
  ) {
    this.run = new LiveRun(name.index);
    this.picture.id = "live-picture";
    element("picture").prepend(this.picture);
    this.stage.trailSeconds = 0;
    this.stage.controls.addEventListener("change", () => this.redraw());
    addEventListener("resize", () => this.redraw());
    const view = element<HTMLSelectElement>("view");
    view.addEventListener("change", () => {
      document.body.dataset["view"] = view.value;
      this.redraw();
    });
    this.socket = new LiveSocket(`${name.live.replace(/^http/, "ws")}${streamId()}`, this);
    void this.sendFrames();
  }

  opened(): void {
    this.forget();
    document.documentElement.dataset["ready"] = "true";
  }

  problem(message: string): void {
    this.say(message);
  }

  result({ frame, milliseconds, timeline, bodies }: LiveResult): void {
    const sent = this.sent.get(frame);
    if (!sent) return;
    const { width, height } = sent.picture;
    this.run.show(timeline, bodies, width, height);
    this.picture.width = width;
    this.picture.height = height;
    this.picture.getContext("2d")!.drawImage(sent.picture, 0, 0);
    for (const [number, older] of this.sent) {
      if (number > frame) continue;
      older.picture.close();
      this.sent.delete(number);
    }
    this.results++;
    this.redraw();
    const root = document.documentElement.dataset;
    root["results"] = String(this.results);
    root["people"] = String(this.run.people(0).length);
    root["bodies"] = "true";
    const whole = Math.round(performance.now() - sent.at);
    element("name").textContent = `live: ${timeline.rows} people, ${whole} ms behind, ${Math.round(milliseconds)} ms of them at the service`;
  }

  private forget(): void {
    for (const { picture } of this.sent.values()) picture.close();
    this.sent.clear();
  }

  private async sendFrames(): Promise<void> {
    for (;;) {
      // A frame that was skipped gets no result of its own: the next one's takes it away; a lost one goes after a while.
      for (const { at } of this.sent.values()) if (performance.now() - at > LOST_MILLISECONDS) this.forget();
      if (this.socket.free && this.sent.size < IN_FLIGHT && this.camera.videoWidth) await this.sendFrame();
      await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
    }
  }

  private async sendFrame(): Promise<void> {
    const scale = Math.min(1, IDEAL_WIDTH / this.camera.videoWidth);
    this.drawing.width = Math.round(this.camera.videoWidth * scale);
    this.drawing.height = Math.round(this.camera.videoHeight * scale);
    this.drawing.getContext("2d")!.drawImage(this.camera, 0, 0, this.drawing.width, this.drawing.height);
    const at = performance.now();
    const [picture, jpeg] = await Promise.all([createImageBitmap(this.drawing), encoded(this.drawing)]);
    const number = this.number++;
    this.sent.set(number, { picture, at });
    this.socket.send(number, jpeg);
  }

  /** Draw once in the browser's next turn, however much has changed until then. */
  private redraw(): void {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.draw();
      this.pending = false;
    });
  }

  private draw(): void {
    const now = performance.now();
    const area = element("stage").getBoundingClientRect();
    this.stage.resize(area.width, area.height);
    this.marks.begin(area.width, area.height);
    this.stage.begin();
    if (!this.run.timelines.length) return;
    const moment = { run: this.run, frame: 0 };
    const view = document.body.dataset["view"];
    if (view !== "scene") {
      const pane = within("picture", area);
      const fitted = this.fitted(pane);
      place(this.picture, fitted, pane);
      this.stage.drawPicture(moment, pane, fitted);
      this.marks.boxes(moment, fitted, undefined);
    }
    if (view !== "picture") {
      const pane = within("scene", area);
      this.marks.names(this.stage.drawScene(moment, pane, undefined, (now - this.before) / 1000), pane);
    }
    // Only now: who is shown in this frame stays, however long drawing takes.
    this.stage.forgetUnseen(UNSEEN_MILLISECONDS);
    document.documentElement.dataset["meshes"] = String(this.stage.bodies);
    this.before = now;
  }

  private fitted(pane: Rectangle): Rectangle {
    const { width, height } = this.run.index;
    const scale = Math.min(pane.width / width, pane.height / height);
    const size = { width: width * scale, height: height * scale };
    return { left: pane.left + (pane.width - size.width) / 2, top: pane.top + (pane.height - size.height) / 2, ...size };
  }
}

export async function startLive(name: LiveName, say: (text: string) => void): Promise<void> {
  document.body.classList.add("live");
  const address = { ...name, live: new URL(name.live, location.href).href };
  element("name").textContent = "live: waiting for the camera";
  const body = readBody(await (await asked(`${address.live}${streamId()}/body`)).arrayBuffer());
  const camera = document.createElement("video");
  camera.muted = true;
  camera.playsInline = true;
  camera.srcObject = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: IDEAL_WIDTH } } });
  await camera.play();
  const stage = new Stage(element<HTMLCanvasElement>("bodies-canvas"), element("scene"), body);
  new Live(address, stage, camera, say);
}

/** A name of this page's stream that stays when the page is loaded again. */
function streamId(): string {
  return (window.name ||= `page-${crypto.randomUUID()}`);
}

function encoded(canvas: HTMLCanvasElement): Promise<ArrayBuffer> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob.arrayBuffer()) : reject(new Error("the picture cannot be encoded"))), "image/jpeg", QUALITY);
  });
}

function within(id: string, area: DOMRect): Rectangle {
  const own = element(id).getBoundingClientRect();
  return { left: own.left - area.left, top: own.top - area.top, width: own.width, height: own.height };
}

function place(picture: HTMLCanvasElement, fitted: Rectangle, pane: Rectangle): void {
  picture.style.left = `${fitted.left - pane.left}px`;
  picture.style.top = `${fitted.top - pane.top}px`;
  picture.style.width = `${fitted.width}px`;
  picture.style.height = `${fitted.height}px`;
}

function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no ${id}`);
  return found as T;
}
