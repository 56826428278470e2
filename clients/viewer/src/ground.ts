/** The ground: a grid at the height of most feet, and a disc under everybody, because a slope is no floor. */

import * as THREE from "three";
import type { Row, Run } from "./run.js";

const CELLS = 40;

export class Ground {
  readonly object = new THREE.Group();
  private readonly grid = new THREE.GridHelper(CELLS, CELLS, 0x4b5563, 0x2b313a);
  private readonly discs: THREE.Mesh<THREE.CircleGeometry, THREE.MeshBasicMaterial>[] = [];
  private readonly circle = new THREE.CircleGeometry(0.32, 24).rotateX(-Math.PI / 2);
  private seen = -1;

  constructor() {
    this.object.add(this.grid);
  }

  update(run: Run, rows: readonly Row[]): void {
    if (this.seen !== run.timelines.length && run.timelines.length) {
      this.seen = run.timelines.length;
      this.place(run);
    }
    rows.forEach((one, number) => this.putDisc(number, one));
    this.discs.slice(rows.length).forEach((disc) => (disc.visible = false));
  }

  /** Only a grid at a height, around the origin. */
  level(height: number): void {
    this.seen = -1;
    this.grid.position.set(0, height, 0);
    this.discs.forEach((disc) => (disc.visible = false));
  }

  private place(run: Run): void {
    const { ground, position, rows } = run.timelines[0]!;
    if (!rows) return;
    const middle = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;
    const column = (axis: number): number[] => Array.from({ length: rows }, (_, row) => position[3 * row + axis]!);
    this.grid.position.set(Math.round(middle(column(0))), middle([...ground]), Math.round(middle(column(2))));
  }

  private putDisc(number: number, one: Row): void {
    let disc = this.discs[number];
    if (!disc) {
      disc = new THREE.Mesh(this.circle, new THREE.MeshBasicMaterial({ transparent: true, opacity: 0.35, depthWrite: false }));
      this.discs.push(disc);
      this.object.add(disc);
    }
    const { position, ground } = one.timeline;
    disc.material.color.set(one.color);
    disc.position.set(position[3 * one.row]!, ground[one.row]! + 0.01, position[3 * one.row + 2]!);
    disc.visible = true;
  }
}
