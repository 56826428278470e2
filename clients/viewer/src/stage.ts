/** Draws the bodies: over the pictures as the camera saw them, and in a free 3D scene. */

import * as THREE from "three";
import { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";
import type { Bodies, BodyTables } from "./chunk.js";
import { Ground } from "./ground.js";
import { Kind, type Row, type Run } from "./run.js";
import { beforeCalibratedCamera, beforeTheCamera, bodyGeometry, placedAt, PosedBody } from "./skinning.js";
import { Trails } from "./trails.js";

const OVERLAY_OPACITY = 0.82;
const WHITE_SHARE = 0.25;
/** Metres. */
const ARRIVED = 0.002;
const BACKGROUND = 0x14171c;
/** Metres between two people who are compared, and how far to the side each stands. */
const APART = 1.3;

/** Metres that are drawn over the picture, nearest and farthest: with a known focal length, and with PHALP's lens. */
const METRIC_REACH = [0.05, 1000] as const;
const ASSUMED_REACH = [2, 20000] as const;

/** A rectangle of the stage in CSS pixels, from its upper left corner. */
export interface Rectangle {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Something to write beside a person, in CSS pixels of the stage. */
export interface Label {
  text: string;
  color: number;
  hollow: boolean;
  x: number;
  y: number;
}

/** A run at the frame that is shown. */
export interface Moment {
  run: Run;
  frame: number;
}

/** A person of a moment who is compared with another. */
export interface Compared {
  moment: Moment;
  id: number;
}

export class Stage {
  readonly controls: OrbitControls;
  readonly free = new THREE.PerspectiveCamera(45, 1, 0.05, 500);
  follow = false;
  /** Whether the view is still on its way to the person who is followed. */
  moving = false;
  trailSeconds = 10;
  private readonly renderer: THREE.WebGLRenderer;
  private readonly world = new THREE.Scene();
  private readonly frontal = new THREE.PerspectiveCamera();
  private readonly geometry: THREE.BufferGeometry;
  private readonly people = new Map<string, PosedBody>();
  private readonly ground = new Ground();
  private readonly trails = new Map<Run, Trails>();
  private aimed = false;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    pane: HTMLElement,
    private readonly tables: BodyTables,
  ) {
    this.renderer = new THREE.WebGLRenderer({ canvas, alpha: true, antialias: !drawnByProcessor() });
    this.renderer.autoClear = false;
    this.renderer.setScissorTest(true);
    this.geometry = bodyGeometry(tables);
    this.world.add(new THREE.HemisphereLight(0xffffff, 0x6b7280, 2.2), sun(), this.ground.object);
    this.frontal.add(headlight());
    this.world.add(this.frontal);
    this.controls = new OrbitControls(this.free, pane);
    this.controls.maxPolarAngle = Math.PI * 0.55;
  }

  resize(width: number, height: number): void {
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    this.renderer.setSize(width, height, false);
  }

  begin(): void {
    this.renderer.setScissor(0, 0, this.canvas.clientWidth, this.canvas.clientHeight);
    this.renderer.setViewport(0, 0, this.canvas.clientWidth, this.canvas.clientHeight);
    this.renderer.setClearColor(0, 0);
    this.renderer.clear();
  }

  /** Draw the people of a frame as the camera saw them, over the picture in ``fitted``. */
  drawPicture(moment: Moment, pane: Rectangle, fitted: Rectangle): void {
    const { width, height, focal_over_size } = moment.run.index;
    if (!width || !height) return;
    const assumed = focal_over_size * Math.max(width, height);
    const known = moment.run.focal(moment.frame);
    this.showOnly(moment, (body, bodies, row, one) => {
      if (known) beforeCalibratedCamera(body.mesh.matrix, body.pelvis, bodies, row, known / assumed);
      else beforeTheCamera(body.mesh.matrix, bodies, row);
      body.material.opacity = OVERLAY_OPACITY * this.opacity(moment.run, one);
    });
    this.frontal.fov = 2 * THREE.MathUtils.radToDeg(Math.atan(height / 2 / (known || assumed)));
    [this.frontal.near, this.frontal.far] = known ? METRIC_REACH : ASSUMED_REACH;
    this.frontal.aspect = width / height;
    this.frontal.updateProjectionMatrix();
    this.view(fitted, pane);
    this.renderer.clearDepth();
    this.hideWorld(true);
    this.renderer.render(this.world, this.frontal);
  }

  /** Draw the free scene of one run. */
  drawScene(moment: Moment, pane: Rectangle, chosen: number | undefined, seconds: number): Label[] {
    const shown = this.showOnly(moment, (body, bodies, row, one) => {
      const [x, y, z] = place(one);
      placedAt(body.mesh.matrix, body.pelvis, bodies.orientation, row, x, y, z);
      body.material.opacity = this.opacity(moment.run, one);
    });
    this.hideWorld(false);
    this.ground.update(moment.run, shown);
    this.trailsOf(moment.run).update(moment.frame, this.trailSeconds, chosen);
    for (const [run, trails] of this.trails) trails.object.visible = run === moment.run && this.trailSeconds > 0;
    if (!this.aimed && shown.length) this.aim(shown);
    const followed = shown.find((one) => one.id === chosen);
    this.moving = false;
    if (this.follow && followed) this.moveTo(followed, seconds);
    this.drawFree(pane);
    return shown.map((one) => this.label(moment.run, one, place(one), pane));
  }

  /** Draw two people beside each other, each standing on the same ground. */
  drawCompared(pair: readonly Compared[], pane: Rectangle): Label[] {
    for (const body of this.people.values()) body.mesh.visible = false;
    this.hideWorld(false);
    this.ground.level(0);
    for (const trails of this.trails.values()) trails.object.visible = false;
    const labels: Label[] = [];
    pair.forEach(({ moment, id }, number) => {
      const one = moment.run.person(moment.frame, id);
      if (!one) return;
      const x = (number - (pair.length - 1) / 2) * APART;
      const y = one.timeline.position[3 * one.row + 1]! - one.timeline.ground[one.row]!;
      this.prepare(moment.run, one, (body, bodies, row) => {
        placedAt(body.mesh.matrix, body.pelvis, bodies.orientation, row, x, y, 0);
        body.material.opacity = this.opacity(moment.run, one);
      }, String(number));
      labels.push(this.label(moment.run, one, [x, y, 0], pane));
    });
    this.drawFree(pane);
    return labels;
  }

  /** Look at two people who are compared. */
  aimAtCompared(): void {
    this.controls.target.set(0, 0.95, 0);
    this.free.position.set(0, 1.3, 3.6);
    this.controls.update();
  }

  /** Look from where the video's camera stood. */
  aimFromCamera(moment: Moment): void {
    const rows = moment.run.people(moment.frame).filter((one) => one.kind !== Kind.Lost);
    const [x, y, z] = middle(rows.map(place));
    this.free.position.set(0, 0, 0);
    this.controls.target.set(x, y, z || -1);
    this.free.fov = 2 * THREE.MathUtils.radToDeg(Math.atan(0.5 * (moment.run.index.height / Math.max(moment.run.index.width, 1))));
    this.free.updateProjectionMatrix();
    this.controls.update();
    this.aimed = true;
  }

  /** Look at the people as a whole once more. */
  aimAnew(): void {
    this.aimed = false;
  }

  get memory(): { geometries: number; textures: number } {
    return this.renderer.info.memory;
  }

  private aim(rows: Row[]): void {
    const places = rows.map(place);
    const [x, y, z] = middle(places);
    const reach = Math.max(...places.map(([px, , pz]) => Math.hypot(px - x, pz - z)));
    const distance = Math.max(3.5, 2.2 * reach + 3);
    this.free.fov = 45;
    this.free.updateProjectionMatrix();
    this.controls.target.set(x, y, z);
    this.free.position.set(x + distance * 0.35, y + distance * 0.35, z + distance);
    this.controls.update();
    this.aimed = true;
  }

  private moveTo(one: Row, seconds: number): void {
    const [x, y, z] = place(one);
    const wanted = new THREE.Vector3(x, y, z);
    const step = wanted.sub(this.controls.target).multiplyScalar(1 - Math.exp(-6 * Math.max(seconds, 0.03)));
    this.moving = step.length() > ARRIVED;
    this.controls.target.add(step);
    this.free.position.add(step);
    this.controls.update();
  }

  private drawFree(pane: Rectangle): void {
    this.free.aspect = pane.width / Math.max(pane.height, 1);
    this.free.updateProjectionMatrix();
    this.view(pane, pane);
    this.renderer.setClearColor(BACKGROUND, 1);
    this.renderer.clear();
    this.renderer.render(this.world, this.free);
  }

  private hideWorld(hidden: boolean): void {
    this.ground.object.visible = !hidden;
    for (const trails of this.trails.values()) trails.object.visible = false;
  }

  private view(viewport: Rectangle, scissor: Rectangle): void {
    const height = this.canvas.clientHeight;
    this.renderer.setViewport(viewport.left, height - viewport.top - viewport.height, viewport.width, viewport.height);
    this.renderer.setScissor(scissor.left, height - scissor.top - scissor.height, scissor.width, scissor.height);
  }

  private showOnly(moment: Moment, put: Put): Row[] {
    for (const body of this.people.values()) body.mesh.visible = false;
    const rows = moment.run.people(moment.frame).filter((one) => one.kind !== Kind.Lost);
    for (const one of rows) this.prepare(moment.run, one, put, "");
    return rows;
  }

  private prepare(run: Run, one: Row, put: Put, copy: string): void {
    const bodies = run.bodiesOf(one.chunk);
    if (!bodies) return;
    const key = `${this.number(run)}:${one.id}:${copy}`;
    let body = this.people.get(key);
    if (!body) {
      body = new PosedBody(this.tables, this.geometry);
      body.material.color.set(paler(one.color));
      this.world.add(body.mesh);
      this.people.set(key, body);
    }
    body.pose(bodies, one.row);
    put(body, bodies, one.row, one);
    body.material.transparent = body.material.opacity < 1;
    body.mesh.matrixWorldNeedsUpdate = true;
    body.mesh.visible = true;
    body.shown = performance.now();
  }

  /** Give back the bodies that were not shown for a while: a stream that runs for days meets people without end. */
  forgetUnseen(milliseconds: number): void {
    for (const [key, body] of this.people) {
      if (performance.now() - body.shown < milliseconds) continue;
      this.world.remove(body.mesh);
      body.dispose();
      this.people.delete(key);
    }
  }

  /** How many bodies are kept, shown or not. */
  get bodies(): number {
    return this.people.size;
  }

  private readonly runs: Run[] = [];

  private number(run: Run): number {
    if (!this.runs.includes(run)) this.runs.push(run);
    return this.runs.indexOf(run);
  }

  private trailsOf(run: Run): Trails {
    let trails = this.trails.get(run);
    if (!trails) {
      trails = new Trails(run);
      this.trails.set(run, trails);
      this.world.add(trails.object);
    }
    return trails;
  }

  private opacity(run: Run, one: Row): number {
    const { predicted, doubtful, unusable } = run.index.opacity;
    if (one.kind === Kind.Predicted) return predicted;
    if (one.kind === Kind.Doubtful) return doubtful;
    return one.kind === Kind.Unusable ? unusable : 1;
  }

  private label(run: Run, one: Row, [x, y, z]: Point, pane: Rectangle): Label {
    const head = new THREE.Vector3(x, y + 0.95, z).project(this.free);
    const hidden = head.z > 1;
    return {
      text: run.label(one),
      color: one.color,
      hollow: one.kind >= Kind.Unusable,
      x: hidden ? -1000 : pane.left + ((head.x + 1) / 2) * pane.width,
      y: pane.top + ((1 - head.y) / 2) * pane.height,
    };
  }
}

type Point = [number, number, number];
type Put = (body: PosedBody, bodies: Bodies, row: number, one: Row) => void;

function place(one: Row): Point {
  const { position } = one.timeline;
  return [position[3 * one.row]!, position[3 * one.row + 1]!, position[3 * one.row + 2]!];
}

function middle(places: Point[]): Point {
  const sorted = [0, 1, 2].map((axis) => places.map((point) => point[axis]!).sort((a, b) => a - b));
  return sorted.map((values) => values[values.length >> 1] ?? 0) as Point;
}

/** Whether there is no graphics card: smooth edges would cost more than everything else then. */
function drawnByProcessor(): boolean {
  const probe = document.createElement("canvas").getContext("webgl2");
  const names = probe?.getExtension("WEBGL_debug_renderer_info");
  const name = probe && names ? String(probe.getParameter(names.UNMASKED_RENDERER_WEBGL)) : "";
  probe?.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|software|basic render/i.test(name);
}

/** A colour with some white in it, mixed as the overlay mixes it. */
function paler(color: number): number {
  const channel = (shift: number): number => {
    const value = (color >> shift) & 255;
    return Math.round(value + (255 - value) * WHITE_SHARE);
  };
  return (channel(16) << 16) | (channel(8) << 8) | channel(0);
}

function sun(): THREE.DirectionalLight {
  const light = new THREE.DirectionalLight(0xffffff, 1.6);
  light.position.set(2, 5, 3);
  return light;
}

function headlight(): THREE.DirectionalLight {
  const light = new THREE.DirectionalLight(0xffffff, 0.4);
  light.position.set(0, 0, 1);
  return light;
}
