/** The binary layout of chunks; tracker_service/viewer/chunks.py describes it. */

const TIMELINE_MAGIC = 0x32545650;
const BODIES_MAGIC = 0x31505650;
export const JOINTS = 24;
export const BETAS = 10;
export const ANGLES = 7;
const ANGLE_STEP = Math.PI / 32767;
const BETA_STEP = 0.001;

/** Who is where; arrays have one entry, or a row, for each person of each frame. */
export interface Timeline {
  frames: number;
  rows: number;
  seconds: Float64Array;
  trackIds: Uint32Array;
  colors: Uint32Array;
  starts: Uint32Array;
  focal: Float32Array;
  position: Float32Array;
  ground: Float32Array;
  box: Float32Array;
  track: Uint16Array;
  age: Uint16Array;
  reasons: Uint16Array;
  angles: Uint16Array;
  state: Uint8Array;
  foundBy: Uint8Array;
  usability: Uint8Array;
  inWorld: Uint8Array;
  contacts: Uint8Array;
  shot: Uint8Array;
}

export interface Bodies {
  rows: number;
  camera: Float32Array;
  rotations: Int16Array;
  orientation: Int16Array;
  betas: Int16Array;
}

class Reader {
  private at = 0;
  constructor(private readonly buffer: ArrayBuffer) {}

  head(magic: number): Uint32Array {
    const head = this.uint32(4);
    if (head[0] !== magic) throw new Error("expected a chunk of this viewer's version; reload the page");
    return head;
  }
  float64 = (n: number): Float64Array => this.take(new Float64Array(this.buffer, this.at, n));
  float32 = (n: number): Float32Array => this.take(new Float32Array(this.buffer, this.at, n));
  uint32 = (n: number): Uint32Array => this.take(new Uint32Array(this.buffer, this.at, n));
  uint16 = (n: number): Uint16Array => this.take(new Uint16Array(this.buffer, this.at, n));
  int16 = (n: number): Int16Array => this.take(new Int16Array(this.buffer, this.at, n));
  int8 = (n: number): Int8Array => this.take(new Int8Array(this.buffer, this.at, n));
  uint8 = (n: number): Uint8Array => this.take(new Uint8Array(this.buffer, this.at, n));

  even(): void {
    this.at += this.at % 2;
  }

  private take<T extends ArrayBufferView>(view: T): T {
    this.at += view.byteLength;
    return view;
  }
}

export function readTimeline(buffer: ArrayBuffer): Timeline {
  const read = new Reader(buffer);
  const [, frames, rows, tracks] = read.head(TIMELINE_MAGIC) as unknown as [number, number, number, number];
  return {
    frames,
    rows,
    seconds: read.float64(frames),
    trackIds: read.uint32(tracks),
    colors: read.uint32(tracks),
    starts: read.uint32(frames + 1),
    focal: read.float32(frames),
    position: read.float32(3 * rows),
    ground: read.float32(rows),
    box: read.float32(4 * rows),
    track: read.uint16(rows),
    age: read.uint16(rows),
    reasons: read.uint16(rows),
    angles: read.uint16(ANGLES * rows),
    state: read.uint8(rows),
    foundBy: read.uint8(rows),
    usability: read.uint8(rows),
    inWorld: read.uint8(rows),
    contacts: read.uint8(2 * rows),
    shot: read.uint8(frames),
  };
}

export function readBodies(buffer: ArrayBuffer): Bodies {
  const read = new Reader(buffer);
  const rows = read.head(BODIES_MAGIC)[2]!;
  return {
    rows,
    camera: read.float32(3 * rows),
    rotations: read.int16(3 * JOINTS * rows),
    orientation: read.int16(3 * rows),
    betas: read.int16(BETAS * rows),
  };
}

/** Write the rotation matrix of a packed rotation vector, row by row, into nine numbers. */
export function rotationMatrix(packed: Int16Array, at: number, out: Float32Array, to: number): void {
  const x = packed[at]! * ANGLE_STEP;
  const y = packed[at + 1]! * ANGLE_STEP;
  const z = packed[at + 2]! * ANGLE_STEP;
  const square = x * x + y * y + z * z;
  const angle = Math.sqrt(square);
  // Rodrigues' formula; its two factors near zero are those of their series.
  const a = angle < 1e-4 ? 1 - square / 6 : Math.sin(angle) / angle;
  const b = angle < 1e-4 ? 0.5 - square / 24 : (1 - Math.cos(angle)) / square;
  const c = Math.cos(angle);
  out[to] = c + b * x * x;
  out[to + 1] = b * x * y - a * z;
  out[to + 2] = b * x * z + a * y;
  out[to + 3] = b * x * y + a * z;
  out[to + 4] = c + b * y * y;
  out[to + 5] = b * y * z - a * x;
  out[to + 6] = b * x * z - a * y;
  out[to + 7] = b * y * z + a * x;
  out[to + 8] = c + b * z * z;
}

export function beta(bodies: Bodies, row: number, number: number): number {
  return bodies.betas[row * BETAS + number]! * BETA_STEP;
}

const BODY_MAGIC = 0x31425650;

/** The body's tables; tracker_service/viewer/body_bytes.py describes them. */
export interface BodyTables {
  vertices: number;
  template: Float32Array;
  restJoints: Float32Array;
  restShapes: Float32Array;
  shapeStep: number;
  shapes: Int16Array;
  parents: Int8Array;
  bones: Uint8Array;
  weights: Uint8Array;
  triangles: Uint16Array;
}

export function readBody(buffer: ArrayBuffer): BodyTables {
  const read = new Reader(buffer);
  const head = read.head(BODY_MAGIC);
  const vertices = head[1]!;
  const tables = {
    vertices,
    template: read.float32(3 * vertices),
    restJoints: read.float32(3 * JOINTS),
    restShapes: read.float32(3 * JOINTS * BETAS),
    shapeStep: read.float32(1)[0]!,
    shapes: read.int16(BETAS * vertices * 3),
    parents: read.int8(JOINTS),
    bones: read.uint8(4 * vertices),
    weights: read.uint8(4 * vertices),
  };
  read.even();
  return { ...tables, triangles: read.uint16(3 * head[2]!) };
}
