/** Bodies on the graphics card: shaped by morph targets, posed by linear blend skinning (Loper et al. 2015). */

import * as THREE from "three";
import { BETAS, beta, type Bodies, type BodyTables, JOINTS, rotationMatrix } from "./chunk.js";

export function bodyGeometry(tables: BodyTables): THREE.BufferGeometry {
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute("position", new THREE.BufferAttribute(tables.template, 3));
  geometry.setIndex(new THREE.BufferAttribute(tables.triangles, 1));
  geometry.computeVertexNormals();
  geometry.setAttribute("skinIndex", new THREE.BufferAttribute(tables.bones, 4));
  geometry.setAttribute("skinWeight", new THREE.BufferAttribute(tables.weights, 4, true));
  const size = 3 * tables.vertices;
  geometry.morphAttributes["position"] = Array.from({ length: BETAS }, (_, number) => {
    const shape = Float32Array.from(tables.shapes.subarray(number * size, (number + 1) * size), (v) => v * tables.shapeStep);
    return new THREE.BufferAttribute(shape, 3);
  });
  geometry.morphTargetsRelative = true;
  return geometry;
}

/** A posed body; its matrix says where it stands, in whatever space it is drawn. */
export class PosedBody {
  readonly mesh: THREE.SkinnedMesh;
  readonly material: THREE.MeshLambertMaterial;
  /** Pelvis in model space. */
  readonly pelvis = new THREE.Vector3();
  /** When it was last shown, milliseconds of the page's clock. */
  shown = 0;
  private readonly bones: THREE.Bone[];
  private readonly local = new Float32Array(9 * JOINTS);
  private readonly rotations = new Float32Array(9 * JOINTS);
  private readonly rest = new Float32Array(3 * JOINTS);
  private readonly places = new Float32Array(3 * JOINTS);
  private posed: Bodies | undefined;
  private posedRow = -1;

  constructor(
    private readonly tables: BodyTables,
    geometry: THREE.BufferGeometry,
  ) {
    this.material = new THREE.MeshLambertMaterial();
    this.mesh = new THREE.SkinnedMesh(geometry, this.material);
    this.bones = Array.from({ length: JOINTS }, () => new THREE.Bone());
    const inverses = this.bones.map(() => new THREE.Matrix4());
    this.mesh.bindMode = THREE.DetachedBindMode;
    this.mesh.bind(new THREE.Skeleton(this.bones, inverses), new THREE.Matrix4());
    this.mesh.matrixAutoUpdate = false;
    this.mesh.frustumCulled = false;
  }

  /** Give back what it holds on the graphics card; the geometry is everybody's. */
  dispose(): void {
    this.mesh.skeleton.dispose();
    this.material.dispose();
  }

  pose(bodies: Bodies, row: number): void {
    if (this.posed === bodies && this.posedRow === row) return;
    this.posed = bodies;
    this.posedRow = row;
    const influences = this.mesh.morphTargetInfluences!;
    for (let number = 0; number < BETAS; number++) influences[number] = beta(bodies, row, number);
    this.setRestJoints(influences);
    for (let joint = 0; joint < JOINTS; joint++) {
      rotationMatrix(bodies.rotations, 3 * (row * JOINTS + joint), this.local, 9 * joint);
      this.chain(joint);
      this.setBone(joint);
    }
    this.pelvis.set(this.places[0]!, this.places[1]!, this.places[2]!);
  }

  private setRestJoints(influences: number[]): void {
    const { restJoints, restShapes } = this.tables;
    for (let i = 0; i < 3 * JOINTS; i++) {
      let value = restJoints[i]!;
      for (let number = 0; number < BETAS; number++) value += restShapes[i * BETAS + number]! * influences[number]!;
      this.rest[i] = value;
    }
  }

  private chain(joint: number): void {
    const parent = this.tables.parents[joint]!;
    const { local, rotations, rest, places } = this;
    const at = 9 * joint;
    if (parent < 0) {
      rotations.set(local.subarray(at, at + 9), at);
      places.set(rest.subarray(0, 3), 0);
      return;
    }
    const above = 9 * parent;
    for (let i = 0; i < 3; i++) {
      let place = places[3 * parent + i]!;
      for (let k = 0; k < 3; k++) {
        const r = rotations[above + 3 * i + k]!;
        place += r * (rest[3 * joint + k]! - rest[3 * parent + k]!);
      }
      places[3 * joint + i] = place;
      for (let j = 0; j < 3; j++) {
        let sum = 0;
        for (let k = 0; k < 3; k++) sum += rotations[above + 3 * i + k]! * local[at + 3 * k + j]!;
        rotations[at + 3 * i + j] = sum;
      }
    }
  }

  /** From the rest pose to the posed one: turned about the joint's rest place, moved to where the joint is. */
  private setBone(joint: number): void {
    const r = this.rotations.subarray(9 * joint, 9 * joint + 9) as unknown as number[];
    const [x, y, z] = this.rest.subarray(3 * joint, 3 * joint + 3) as unknown as [number, number, number];
    const p = this.places.subarray(3 * joint, 3 * joint + 3) as unknown as [number, number, number];
    const offset = [0, 1, 2].map((i) => p[i]! - (r[3 * i]! * x + r[3 * i + 1]! * y + r[3 * i + 2]! * z));
    this.bones[joint]!.matrixWorld.set(
      r[0]!, r[1]!, r[2]!, offset[0]!,
      r[3]!, r[4]!, r[5]!, offset[1]!,
      r[6]!, r[7]!, r[8]!, offset[2]!,
      0, 0, 0, 1,
    );
  }
}

const nine = new Float32Array(9);

/** The matrix that turns model space about the pelvis and puts the pelvis at a place. */
export function placedAt(
  out: THREE.Matrix4, pelvis: THREE.Vector3, orientation: Int16Array, row: number, x: number, y: number, z: number,
): void {
  rotationMatrix(orientation, 3 * row, nine, 0);
  const r = nine as unknown as number[];
  const moved = (i: number): number => r[3 * i]! * pelvis.x + r[3 * i + 1]! * pelvis.y + r[3 * i + 2]! * pelvis.z;
  out.set(
    r[0]!, r[1]!, r[2]!, x - moved(0),
    r[3]!, r[4]!, r[5]!, y - moved(1),
    r[6]!, r[7]!, r[8]!, z - moved(2),
    0, 0, 0, 1,
  );
}

/** The matrix of a body before HMR2's camera, in the axes of three.js: y up, z back. */
export function beforeTheCamera(out: THREE.Matrix4, bodies: Bodies, row: number): void {
  const [x, y, z] = bodies.camera.subarray(3 * row, 3 * row + 3) as unknown as [number, number, number];
  out.set(1, 0, 0, x, 0, -1, 0, -y, 0, 0, -1, -z, 0, 0, 0, 1);
}

const NEAREST = 1e-3;

/** Before a camera of known focal length: in metres, and turned with the ray through the pelvis, as the overlay does. */
export function beforeCalibratedCamera(
  out: THREE.Matrix4, pelvis: THREE.Vector3, bodies: Bodies, row: number, depthFactor: number,
): void {
  const [x, y, z] = bodies.camera.subarray(3 * row, 3 * row + 3) as unknown as [number, number, number];
  const there = new THREE.Vector3(pelvis.x + x, pelvis.y + y, Math.max((pelvis.z + z) * depthFactor, NEAREST));
  const aimed = new THREE.Quaternion().setFromUnitVectors(AHEAD, there.clone().normalize());
  out.makeRotationFromQuaternion(aimed).setPosition(there.sub(pelvis.clone().applyQuaternion(aimed)));
  out.premultiply(CAMERA_TO_SCENE);
}

const AHEAD = new THREE.Vector3(0, 0, 1);
const CAMERA_TO_SCENE = new THREE.Matrix4().makeScale(1, -1, -1);
